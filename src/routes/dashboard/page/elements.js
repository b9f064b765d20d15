// Finding and making elements, and tables that stay as they are while nothing in them changes.

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}

/**
 * @param {string} id
 * @returns {HTMLInputElement}
 */
export function inputById(id) {
  const found = byId(id)
  if (!(found instanceof HTMLInputElement)) throw new Error(`#${id} is no input`)
  return found
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

/**
 * A cell's text, or what has more to it than text; `share` (0 to 1) draws a bar behind a figure.
 *
 * @typedef {{text: string, title?: string, share?: number | null, onPick?: () => void, tone?: string}} Cell
 * @typedef {{name: string, isNumber?: boolean}} Column
 */

/** What each table shows, so that one that has not changed keeps its focus and whatever is selected in it. @type {WeakMap<HTMLElement, string>} */
const shown = new WeakMap()

/**
 * @param {HTMLElement} table
 * @param {Column[]} columns
 * @param {(Cell | string)[][]} rows
 * @param {string} nothing said where there are no rows
 */
export function fillTable(table, columns, rows, nothing) {
  const state = JSON.stringify([columns, rows, nothing])
  if (shown.get(table) === state) return
  // Who is about to pick a row must not find another one there.
  if (table.contains(document.activeElement)) return
  shown.set(table, state)
  const head = make(
    'thead',
    {},
    make(
      'tr',
      {},
      ...columns.map(({ name, isNumber }) => make('th', { scope: 'col', ...numberClass(isNumber) }, name)),
    ),
  )
  const body = rows.map((row) =>
    make('tr', {}, ...row.map((cell, index) => cellOf(cell, columns[index], index === 0))),
  )
  const none = make('tr', {}, make('td', { colspan: String(columns.length), class: 'nothing' }, nothing))
  table.replaceChildren(head, make('tbody', {}, ...(body.length > 0 ? body : [none])))
}

/**
 * @param {Cell | string} given
 * @param {Column | undefined} column
 * @param {boolean} isHead
 */
function cellOf(given, column, isHead) {
  const { text, title, share, onPick, tone } = typeof given === 'string' ? { text: given } : given
  const cell = make(isHead ? 'th' : 'td', {
    ...(isHead ? { scope: 'row' } : {}),
    ...numberClass(column?.isNumber),
  })
  if (title !== undefined) cell.title = title
  if (tone) cell.classList.add(tone)
  if (onPick === undefined) cell.append(text)
  else {
    const button = make('button', { type: 'button', class: 'plain' }, text)
    button.addEventListener('click', onPick)
    cell.append(button)
  }
  if (share !== undefined && share !== null) {
    const bar = make('span', { class: 'bar', 'aria-hidden': 'true' })
    bar.style.width = `${100 * Math.min(1, Math.max(0, share))}%`
    cell.classList.add('with-bar')
    cell.append(bar)
  }
  return cell
}

/** @param {boolean | undefined} isNumber @returns {Record<string, string>} */
function numberClass(isNumber) {
  return isNumber === true ? { class: 'number' } : {}
}
