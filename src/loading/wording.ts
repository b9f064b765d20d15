// Values and names as messages show them: short, and so that a person sees where they begin and end.

const SHOWN_LENGTH = 40
const NAMES_SHOWN = 20

/** A value as JSON has it, its beginning where it is long. */
export function quote(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const isLong = text.length > SHOWN_LENGTH
  const shown = isLong ? `${text.slice(0, SHOWN_LENGTH)}…` : text
  return `${typeof value === 'string' ? JSON.stringify(shown) : shown}${isLong ? ` (${text.length} characters)` : ''}`
}

/** Names of columns or fields: `a`, `b`. */
export function namesText(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map((name) => `\`${name.slice(0, SHOWN_LENGTH)}\``)
  return [...shown, ...(names.length > NAMES_SHOWN ? ['…'] : [])].join(', ')
}
