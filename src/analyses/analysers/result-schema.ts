// The JSON schema that results are held to. What its compiler would pass over, such as a misspelt keyword, is refused: it would let every result through.
import { Compile } from 'typebox/compile'
import type { TSchema } from 'typebox'
import type { Json } from './analyser.ts'

type Complaint = string

const TYPES = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object']
const isSchema = (value: Json): Complaint | null => complaintAbout(value)
const isObject = (value: Json): value is Record<string, Json> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
const check = (isRight: (value: Json) => boolean, expected: string) => (value: Json) =>
  isRight(value) ? null : `must be ${expected}`

const anything = () => null
const number = check((value) => typeof value === 'number', 'a number')
const count = check((value) => Number.isInteger(value) && Number(value) >= 0, 'a whole number from 0')
const flag = check((value) => typeof value === 'boolean', 'true or false')
const texts = check(
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'a list of texts',
)
const type = check(
  (value) => {
    const types = Array.isArray(value) ? value : [value]
    return types.length > 0 && types.every((name) => typeof name === 'string' && TYPES.includes(name))
  },
  `one of ${TYPES.join(', ')}, or a list of them`,
)
const pattern = check((value) => typeof value === 'string' && isPattern(value), 'a regular expression')
const values = check((value) => Array.isArray(value) && value.length > 0, 'a list of values')

function schemas(value: Json): Complaint | null {
  if (!Array.isArray(value) || value.length === 0) return 'must be a list of schemas'
  return firstComplaint(value.map((schema, index) => [String(index), complaintAbout(schema)]))
}

function namedSchemas(value: Json): Complaint | null {
  if (!isObject(value)) return 'must be an object of schemas'
  return firstComplaint(Object.entries(value).map(([name, schema]) => [name, complaintAbout(schema)]))
}

/** The keywords that a schema may have, each with what is wrong with a value of it. */
const KEYWORDS: Record<string, (value: Json) => Complaint | null> = {
  $schema: anything,
  title: anything,
  description: anything,
  examples: anything,
  type,
  enum: values,
  const: anything,
  properties: namedSchemas,
  required: texts,
  additionalProperties: isSchema,
  minProperties: count,
  maxProperties: count,
  items: isSchema,
  minItems: count,
  maxItems: count,
  uniqueItems: flag,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: check((value) => typeof value === 'number' && value > 0, 'a number over 0'),
  minLength: count,
  maxLength: count,
  pattern,
  anyOf: schemas,
  oneOf: schemas,
  allOf: schemas,
  not: isSchema,
}

/**
 * A check of results by a schema.
 *
 * @returns what is wrong with the schema, as the end of a sentence, where something is.
 */
export function compileResultSchema(schema: Json): ((result: Json) => boolean) | Complaint {
  const complaint = isObject(schema) ? complaintAbout(schema) : 'must be a JSON schema, an object'
  if (complaint !== null) return complaint
  const checker = Compile(schema as TSchema)
  return (result) => checker.Check(result)
}

function complaintAbout(schema: Json): Complaint | null {
  if (typeof schema === 'boolean') return null
  if (!isObject(schema)) return 'must be a schema: an object, true or false'
  return firstComplaint(
    Object.entries(schema).map(([keyword, value]) => {
      const check = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined
      return [keyword, check === undefined ? 'is not a keyword that is known here' : check(value)]
    }),
  )
}

/** Names within names read as a path: `/properties/score/type must be …`. */
function firstComplaint(complaints: [name: string, complaint: Complaint | null][]): Complaint | null {
  for (const [name, complaint] of complaints)
    if (complaint !== null)
      return complaint.startsWith('/') ? `/${name}${complaint}` : `/${name} ${complaint}`
  return null
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}
