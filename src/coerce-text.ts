// Text (a query parameter, an environment variable) as what its schema asks for, and in words what that is.

/** `1e1`, `0x10`, ` 7`, `+7` and `007` are numbers to JavaScript or to common validators; nobody means them in a URL. */
const DECIMAL_INTEGER = /^(0|-?[1-9]\d*)$/
const DECIMAL = /^(0|-?[1-9]\d*)(\.\d+)?$/

/** The parts of a property's JSON schema that say what text it takes. */
export interface TextSchema {
  type?: string
  enum?: readonly string[]
  minimum?: number
  maximum?: number
  maxLength?: number
  /** What a pattern wants, as words that go on from "must be". */
  'x-expects'?: string
}

/** The typed value of `text` where it is written plainly; text that does not fit stays text, for the schema to refuse. */
export function coerceText(schema: object, text: string): unknown {
  const { type } = schema as TextSchema
  if (type === 'integer' && DECIMAL_INTEGER.test(text)) return Number(text)
  if (type === 'number' && DECIMAL.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** What a property takes, as the end of a sentence that begins with its name. */
export function expectationOf(schema: object, fallback: string): string {
  const { type, enum: values, minimum = 0, maximum, maxLength, 'x-expects': expects } = schema as TextSchema
  if (expects !== undefined) return `must be ${expects}`
  if (values !== undefined) return `must be ${values.length === 1 ? '' : 'one of '}${values.join(', ')}`
  if (type === 'integer')
    return `must be a whole decimal number from ${minimum}${maximum === undefined ? '' : ` to ${maximum}`}`
  if (type === 'number') return `must be a decimal number from ${minimum}`
  if (type === 'boolean') return 'must be true or false'
  if (maxLength !== undefined) return `must have at most ${maxLength} characters`
  return fallback
}
