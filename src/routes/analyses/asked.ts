// What a request asks for, checked against the analyser that is to do it.
import type { Analyser, Asked, Json } from '../../analyses/analysers/analyser.ts'
import { canonicalJson } from '../../analyses/identity.ts'
import { checkParameters, readParameters } from '../../analyses/parameters.ts'
import { invalidParameter, type Problem } from '../../problems.ts'
import { LANGUAGE_PATTERN, TONE_PATTERN } from './schema.ts'

const PARAMETERS_MAX_LENGTH = 16 * 1024
const SHOWN_LENGTH = 60
const LANGUAGE = new RegExp(LANGUAGE_PATTERN)
const TONE = new RegExp(TONE_PATTERN, 'u')

export interface Named {
  language?: string | undefined
  tone?: string | undefined
  analyser?: string | undefined
  /** An object, or its JSON. */
  parameters?: unknown
}

/** @throws Problem invalid_parameter for what the analyser does not take. */
export function resolve(
  analysers: ReadonlyMap<string, Analyser>,
  kind: 'text' | 'file',
  named: Named,
): { analyser: Analyser; asked: Asked } {
  const analyser = analyserOf(analysers, named.analyser)
  if (!analyser.accepts.has(kind))
    throw wrong(
      'analyser',
      `${analyser.name} takes no ${kind}s, only ${[...analyser.accepts].join(' and ')}s`,
    )
  // A form comes past the schema of the query.
  requireForm('language', named.language, LANGUAGE, 'must be a language tag, such as en or fr')
  requireForm('tone', named.tone, TONE, 'must have at most 64 characters on one line')
  const language = named.language?.toLowerCase() ?? null
  const tone = named.tone ?? null
  requireKnown('language', language, analyser.languages, analyser.name)
  requireKnown('tone', tone, analyser.tones, analyser.name)
  const parameters = parametersOf(named.parameters)
  for (const name of Object.keys(parameters)) {
    if (analyser.parameters !== null && !analyser.parameters.has(name))
      throw wrong(
        `parameters.${name.slice(0, SHOWN_LENGTH)}`,
        `is none that ${analyser.name} takes${listed(analyser.parameters)}`,
      )
  }
  return { analyser, asked: { language, tone, parameters } }
}

function analyserOf(analysers: ReadonlyMap<string, Analyser>, name: string | undefined): Analyser {
  const [first] = analysers.values()
  const analyser = name === undefined ? first : analysers.get(name)
  if (analyser === undefined)
    throw wrong(
      'analyser',
      `is ${shown(name)}, and there is no such; there are ${[...analysers.keys()].join(', ')}`,
    )
  return analyser
}

function requireForm(parameter: string, value: string | undefined, form: RegExp, detail: string): void {
  if (value !== undefined && !form.test(value)) throw wrong(parameter, `${detail} (it is ${shown(value)})`)
}

function requireKnown(
  parameter: string,
  value: string | null,
  known: ReadonlySet<string> | null,
  analyser: string,
): void {
  if (value === null || known === null || known.has(value)) return
  throw wrong(parameter, `is ${shown(value)}, which ${analyser} does not take${listed(known)}`)
}

function listed(known: ReadonlySet<string>): string {
  return known.size === 0 ? '; it takes none' : `; it takes ${[...known].join(', ')}`
}

function parametersOf(given: unknown): Asked['parameters'] {
  if (given === undefined) return {}
  const parameters = typeof given === 'string' ? readParameters(given) : checkParameters(given as Json)
  if (canonicalJson(parameters).length > PARAMETERS_MAX_LENGTH)
    throw wrong('parameters', `must have at most ${PARAMETERS_MAX_LENGTH} characters of JSON`)
  return parameters
}

function shown(text = ''): string {
  return JSON.stringify(text.slice(0, SHOWN_LENGTH))
}

function wrong(parameter: string, detail: string): Problem {
  return invalidParameter(parameter, detail)
}
