// The way to the service: its events, read with fetch, as EventSource can send no key; and requests with the same key.

/**
 * @typedef {import('../messages.ts').History} History
 * @typedef {import('../messages.ts').Sample} Sample
 * @typedef {{status: number, code?: string, title: string, detail: string}} Problem
 *
 * `refused`: the key is missing, wrong, or may not do this. `away`: no answer, or one that is none of ours. `busy`: too many watch.
 * @typedef {{kind: 'connecting' | 'live'} | {kind: 'away', why: string} | {kind: 'refused' | 'busy', problem: Problem}} State
 * @typedef {{onHistory: (history: History) => void, onSample: (sample: Sample) => void, onState: (state: State) => void}} Listener
 */

const KEY = 'barometer-key'
const RETRY_MS = 2000
/** Samples come every two seconds; after such a silence a connection that looks open is none. */
const SILENCE_MS = 10_000

export const key = {
  get: () => sessionStorage.getItem(KEY),
  /** @param {string} text */
  set: (text) => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
}

/** What is wrong with a text that is to be a key; null for nothing. Other characters could not be sent. @param {string} text */
export function complaintAboutKey(text) {
  return /^[\x21-\x7e]+$/.test(text) ? null : 'A key has no blanks and no special characters.'
}

/** @param {string} url @param {RequestInit} options */
export function request(url, options = {}) {
  const held = key.get()
  return fetch(url, {
    ...options,
    cache: 'no-store',
    headers: held === null ? {} : { authorization: `Bearer ${held}` },
  })
}

/** What an answer that is an error says; also of one that something in between made. @param {Response} response @returns {Promise<Problem>} */
export async function problemOf(response) {
  const known = {
    status: response.status,
    title: `The answer is ${response.status}`,
    detail: response.statusText,
  }
  try {
    return { ...known, .../** @type {object} */ (await response.json()) }
  } catch {
    return known
  }
}

export class Connection {
  /** @type {Listener} */
  #listener
  #aborter = new AbortController()
  /** Whether the end of what is being watched is wanted, and none that the page has to tell of. */
  #isRestarted = false
  #wake = () => {}

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener
    window.addEventListener('online', () => this.#wake())
  }

  /** Watches for as long as the page is open. */
  async run() {
    for (;;) {
      const state = await this.#watch()
      if (this.#isRestarted) continue
      this.#listener.onState(state)
      // With a key that is not let in nothing changes until there is another one.
      await this.#pause(state.kind === 'refused' ? null : RETRY_MS)
    }
  }

  /** Begins anew, with the key that there is now. */
  restart() {
    this.#isRestarted = true
    this.#aborter.abort()
    this.#wake()
  }

  /** Reads events until they end. @returns {Promise<State>} */
  async #watch() {
    this.#isRestarted = false
    const aborter = (this.#aborter = new AbortController())
    let silence = 0
    const heard = () => {
      clearTimeout(silence)
      silence = window.setTimeout(() => aborter.abort(), SILENCE_MS)
    }
    try {
      heard()
      const response = await request('api/v1/dashboard/events', { signal: aborter.signal })
      if (!response.ok || response.body === null) return refusal(await problemOf(response))
      for await (const event of eventsOf(response.body)) {
        heard()
        this.#tell(event)
      }
      return { kind: 'away', why: 'it ended the connection' }
    } catch {
      return { kind: 'away', why: 'it does not answer' }
    } finally {
      clearTimeout(silence)
    }
  }

  /** A mistake in showing something is none of the connection's. @param {{name: string, data: unknown}} event */
  #tell({ name, data }) {
    try {
      if (name === 'history') this.#listener.onHistory(/** @type {History} */ (data))
      else if (name === 'sample') {
        this.#listener.onState({ kind: 'live' })
        this.#listener.onSample(/** @type {Sample} */ (data))
      }
    } catch (error) {
      reportError(error)
    }
  }

  /** @param {number | null} ms null: until it is woken */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = ms === null ? 0 : window.setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve(undefined)
      }
    })
  }
}

/** @param {Problem} problem @returns {State} */
function refusal(problem) {
  if ([401, 403, 429].includes(problem.status)) return { kind: 'refused', problem }
  if (problem.code === 'dashboard_busy') return { kind: 'busy', problem }
  return { kind: 'away', why: `it answers ${problem.status}: ${problem.title}` }
}

/**
 * Server-sent events, in the one form that our service writes them: a name, a line of JSON, an empty line.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{name: string, data: unknown}>}
 */
async function* eventsOf(body) {
  const reader = body
    .pipeThrough(/** @type {TransformStream<Uint8Array, string>} */ (new TextDecoderStream()))
    .getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? []
      if (name !== undefined && data !== undefined) yield { name, data: JSON.parse(data) }
    }
  }
}
