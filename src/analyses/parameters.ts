// The parameters of an analysis, which are the analyser's own: any JSON object.
import { repeatedName } from '../repeated-name.ts'
import { invalidParameter } from '../problems.ts'
import type { Json } from './analysers/analyser.ts'
import { isStorable } from './identity.ts'

/**
 * Parameters as JSON text, from a query or a form.
 *
 * @throws Problem invalid_parameter.
 */
export function readParameters(text: string): Record<string, Json> {
  let json: Json
  try {
    json = JSON.parse(text) as Json
  } catch {
    throw invalidParameter('parameters', 'must be a JSON object')
  }
  const repeated = repeatedName(text)
  if (repeated !== null) throw invalidParameter('parameters', 'has a name that stands twice in one object')
  return checkParameters(json)
}

/**
 * Parameters as a value, from a JSON body.
 *
 * @throws Problem invalid_parameter.
 */
export function checkParameters(value: Json): Record<string, Json> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw invalidParameter('parameters', 'must be a JSON object')
  if (!isStorable(value))
    throw invalidParameter(
      'parameters',
      'holds NUL or half a surrogate pair, or is nested deeper than 64 levels',
    )
  return value
}
