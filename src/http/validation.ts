// Checks parameters and bodies against their schemas, with complaints that name the parameter and say what it takes.
import type { FastifySchemaCompiler } from 'fastify'
import { Compile } from 'typebox/compile'
import type { TSchema } from 'typebox'
import type { TLocalizedValidationError } from 'typebox/error'
import { coerceText, expectationOf, type TextSchema } from '../coerce-text.ts'
import { invalidParameters, Problem, type ParameterError } from '../problems.ts'

/** What was sent is not sent back at any length. */
const NAME_SHOWN_LENGTH = 100
const UNKNOWN_NAMED = 8
/** Control characters (NUL cannot even be stored) and what invalid UTF-8 is decoded to. */
const UNPRINTABLE = /[\u0000-\u001f\u007f\ufffd]/

/**
 * Validators for one part of a request. Parameters are text and are turned into numbers and booleans where they are written plainly; unknown ones
 * are dropped, so that nothing behind this sees them, and where the schema is closed refused. A body is taken as it is.
 */
export const validatorCompiler: FastifySchemaCompiler<ObjectSchema> = ({ schema, httpPart }) =>
  httpPart === 'body' ? bodyValidator(schema) : parameterValidator(schema)

type ObjectSchema = TSchema & {
  properties?: Record<string, TSchema & TextSchema>
  required?: string[]
  additionalProperties?: boolean
}

function bodyValidator(schema: ObjectSchema) {
  const checker = Compile(schema)
  return (given: unknown) => {
    // None at all counts as an empty one.
    const body = given ?? {}
    if (checker.Check(body)) return { value: body }
    const errors = checker.Errors(body).flatMap(bodyErrors)
    const detail = errors.map((error) => `${error.parameter} ${error.detail}`).join('; ')
    return { error: new Problem('invalid_body', detail, errors) }
  }
}

function parameterValidator(schema: ObjectSchema) {
  const checker = Compile(schema)
  // Each by itself as well: a checker of them all stops naming errors after a few.
  const parameters = Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    property,
    checker: Compile(property),
    required: schema.required?.includes(name) === true,
  }))
  const isClosed = schema.additionalProperties === false
  return (given: Record<string, unknown>) => {
    const unknown = isClosed ? unknownParameters(schema, given) : []
    const value: Record<string, unknown> = {}
    let usable = true
    for (const { name, property } of parameters) {
      const text = given[name]
      if (text === undefined) {
        if ('default' in property) value[name] = property.default
        continue
      }
      usable &&= complaintAbout(text) === null
      value[name] = typeof text === 'string' ? coerceText(property, text) : text
    }
    if (usable && unknown.length === 0 && checker.Check(value)) return { value }
    const errors: ParameterError[] = unknown
    for (const { name, property, checker, required } of parameters) {
      if (!(name in value)) {
        if (required) errors.push({ parameter: name, detail: 'must be given' })
        continue
      }
      const complaint = name in given ? complaintAbout(given[name]) : null
      if (complaint !== null) errors.push({ parameter: name, detail: complaint })
      else if (!checker.Check(value[name]))
        errors.push({ parameter: name, detail: expectationOf(property, 'is not valid') })
    }
    return { error: invalidParameters(errors) }
  }
}

function unknownParameters(
  { properties = {} }: ObjectSchema,
  given: Record<string, unknown>,
): ParameterError[] {
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(properties, name))
    .slice(0, UNKNOWN_NAMED)
    .map((name) => ({
      parameter: name.slice(0, NAME_SHOWN_LENGTH),
      detail: 'is not a parameter of this route',
    }))
}

function complaintAbout(given: unknown): string | null {
  if (typeof given !== 'string') return 'must be given once'
  if (given === '') return 'must not be empty'
  if (UNPRINTABLE.test(given)) return 'holds a control character or invalid UTF-8'
  return null
}

function bodyErrors({ keyword, instancePath, message }: TLocalizedValidationError): ParameterError[] {
  switch (keyword) {
    // What a closed schema says of each field that it does not have: false.
    case 'boolean':
      return [{ parameter: fieldOf(instancePath), detail: 'is not a field of this body' }]
    // And once more, of the object around it.
    case 'additionalProperties':
      return []
    default:
      return [{ parameter: fieldOf(instancePath) || 'body', detail: message }]
  }
}

/** The field that a JSON pointer leads to. */
function fieldOf(pointer: string): string {
  return pointer
    .slice(1, NAME_SHOWN_LENGTH + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')
}
