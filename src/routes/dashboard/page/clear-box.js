// Clearing by hand: a dry run first, and then no more than it found.
import { problemOf, request } from './connection.js'
import { byId, inputById, make } from './elements.js'
import { count, plural } from './format.js'

/**
 * @typedef {import('../../cache/clear-schema.ts').DryRunAnswer} DryRunAnswer
 * @typedef {import('../../cache/clear-schema.ts').ClearAnswer} ClearAnswer
 * @typedef {'pattern' | 'key' | 'tag'} Kind
 * @typedef {{kind: Kind, selector: string}} Selection
 */

/** @type {Record<Kind, {label: string, hint: string}>} */
const KINDS = {
  pattern: { label: 'Pattern', hint: 'A glob over keys, as Redis matches: media:*' },
  key: { label: 'Key', hint: 'One whole key, without globbing; pick one under Hottest keys' },
  tag: { label: 'Tag', hint: 'All that is made of these data: dataset:media, source:…, symbol:^GSPC' },
}

/** What another key may help against. */
const KEY_PROBLEMS = new Set(['key_required', 'key_invalid', 'scope_missing'])
/** Counting has 5 s, and a clear waits for the other instances and sweeps a large Redis. */
const LIMIT_MS = 60_000

/** @param {() => void} onKeyWanted called where another API key is asked for */
export function setUpClearBox(onKeyWanted) {
  const form = /** @type {HTMLFormElement} */ (byId('clear-form'))
  const answer = byId('clear-answer')
  // An older answer that comes late must not stand beside what was asked since.
  let asked = 0

  form.addEventListener('change', showKind)
  form.addEventListener('input', (event) => {
    if (event.target === byId('reason')) return
    asked++
    answer.replaceChildren()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const selected = selection()
    void ask(selected, { dry_run: 'true' }, (body) => offer(selected, /** @type {DryRunAnswer} */ (body)))
  })
  showKind()

  function showKind() {
    const { label, hint } = KINDS[selection().kind]
    byId('selector-label').textContent = label
    byId('selector-hint').textContent = hint
  }

  /** @returns {Selection} */
  function selection() {
    const kind = new FormData(form).get('kind')
    return {
      kind: kind === 'key' || kind === 'tag' ? kind : 'pattern',
      selector: inputById('selector').value,
    }
  }

  /**
   * @param {Selection} selected
   * @param {Record<string, string>} options
   * @param {(body: unknown) => void} show
   */
  async function ask({ kind, selector }, options, show) {
    const mine = ++asked
    answer.replaceChildren(make('p', {}, 'Asking…'))
    try {
      const query = new URLSearchParams({ [kind]: selector, ...options })
      const response = await request(`cache/clear?${query.toString()}`, {
        method: 'DELETE',
        signal: AbortSignal.timeout(LIMIT_MS),
      })
      /** @type {unknown} */
      const body = response.ok ? await response.json() : null
      const problem = response.ok ? null : await problemOf(response)
      if (mine !== asked) return
      if (problem === null) show(body)
      else complain(problem.title, problem.detail, problem.code)
    } catch {
      if (mine === asked)
        complain(
          'The service does not answer',
          'whether it has cleared anything is in the log of clears, once it is back',
        )
    }
  }

  /** @param {string} title @param {string} detail @param {string} [code] */
  function complain(title, detail, code = '') {
    const message = make('p', { class: 'complaint' }, make('b', {}, `${title}.`), ` ${detail}`)
    answer.replaceChildren(message)
    if (!KEY_PROBLEMS.has(code)) return
    const button = make('button', { type: 'button' }, 'Use another key')
    button.addEventListener('click', onKeyWanted)
    answer.append(button)
  }

  /** What the dry run found, and the button that clears it. @param {Selection} selected @param {DryRunAnswer} found */
  function offer(selected, { count: amount, complete, sample }) {
    const isTag = selected.kind === 'tag'
    const keys = plural(amount, 'key')
    const says = isTag
      ? `${keys} with this tag in this instance's memory. What else has it, here and in Redis, is never answered again either.`
      : complete
        ? `${keys} would be deleted.`
        : `At least ${keys} would be deleted; how many more cannot be counted at the moment.`
    const button = make(
      'button',
      { type: 'button', class: 'danger' },
      isTag ? 'Clear this tag' : complete ? `Clear ${keys}` : `Clear at least ${keys}`,
    )
    // Where they cannot be counted, the service could not hold to a number.
    const max = isTag || !complete ? {} : { max: String(amount) }
    button.addEventListener('click', () => {
      const reason = inputById('reason').value.trim()
      void ask(selected, { ...max, ...(reason === '' ? {} : { reason }) }, (body) =>
        report(/** @type {ClearAnswer} */ (body)),
      )
    })
    const shown = sample.map((key) => make('li', {}, key))
    const rest = amount - sample.length
    if (rest > 0) shown.push(make('li', { class: 'hint' }, `and ${count(rest)} more`))
    const nothing = amount === 0 && complete && !isTag
    answer.replaceChildren(
      make('p', {}, make('b', {}, says)),
      make('ul', { class: 'sample' }, ...shown),
      ...(nothing ? [] : [button]),
    )
  }

  /** @param {ClearAnswer} body */
  function report({ message, seq, pending, instances: { confirmed, expired } }) {
    const log = seq === null ? '' : ` It is number ${seq} in the log.`
    const reach = pending
      ? 'It holds on this instance; the others follow when PostgreSQL answers again.'
      : `Confirmed by ${plural(confirmed, 'instance')}${expired.length === 0 ? '' : `; no answer from ${expired.join(', ')}, which may serve nothing from its cache until it has applied the clear`}.`
    answer.replaceChildren(
      make(
        'p',
        { class: pending ? 'complaint' : 'done' },
        make('b', {}, `Cleared: ${message}.`),
        ` ${reach}${log}`,
      ),
    )
  }
}

/** Puts a key into the box. @param {string} key */
export function pickKey(key) {
  const kind = document.querySelector('#clear-form input[value="key"]')
  if (kind instanceof HTMLInputElement) kind.checked = true
  const input = inputById('selector')
  input.value = key
  input.dispatchEvent(new Event('input', { bubbles: true }))
  input.dispatchEvent(new Event('change', { bubbles: true }))
  input.focus()
}
