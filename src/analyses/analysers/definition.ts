// One analyser of the ANALYSERS file, from its fields to what is asked.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Compile } from 'typebox/compile'
import { expectationOf } from '../../coerce-text.ts'
import { quote } from '../../loading/wording.ts'
import type { Time } from '../../time/time.ts'
import { parseMoney } from '../money.ts'
import type { Analyser, Json } from './analyser.ts'
import { FIELDS, type HttpFields, type OpenaiFields } from './file-schema.ts'
import { httpAnalyser, type CallMeans, type Traits } from './http.ts'
import { openaiAnalyser } from './openai.ts'
import { compileResultSchema } from './result-schema.ts'
import { readTemplate, type TemplateUse } from './template.ts'

export interface Surroundings {
  /** Of the file: prompts are found from there. */
  directory: string
  environment: Readonly<Record<string, string | undefined>>
  time: Time
}

type Read = { analyser: Analyser } | { complaints: string[] }
type Fields = HttpFields | OpenaiFields

/** Values of these may be, or hold, what somebody took for the key's place. */
const NOT_SHOWN = new Set(['key_env', 'url', 'headers'])
const FIELD_CHECKERS = Object.fromEntries(
  Object.entries(FIELDS).map(([kind, { properties, required }]) => [
    kind,
    Object.entries(properties).map(([name, schema]) => ({
      name,
      schema: schema as object,
      isRequired: (required as string[]).includes(name),
      checker: Compile(schema),
    })),
  ]),
)
/** Sent by the call itself, or where secrets stand. */
const OWN_HEADERS =
  /^(?:authorization|cookie|proxy-.*|content-.*|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|accept)$|key|token|secret/
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/
const HEADER_VALUE = /^[\x20-\x7e]*$/
const KEY = /^[\x21-\x7e]+$/

export async function readAnalyser(
  definition: Json,
  { directory, environment, time }: Surroundings,
): Promise<Read> {
  const fields = fieldsOf(definition)
  if (Array.isArray(fields)) return { complaints: fields }
  const complaints = [...urlComplaints(fields.url), ...keyComplaints(fields.key_env, environment)]

  const schema = (fields.schema ?? null) as Json
  const isValid = fields.schema === undefined ? () => true : compileResultSchema(schema)
  if (typeof isValid === 'string') complaints.push(`schema ${isValid}`)
  const key = fields.key_env === undefined ? null : (environment[fields.key_env] ?? null)
  const means: CallMeans = { time, key, isValid: typeof isValid === 'string' ? () => false : isValid }

  if (fields.kind === 'openai') {
    const { model, max_tokens: maxTokens = null } = fields
    const prompt = await promptOf(path.resolve(directory, fields.prompt_file))
    if (prompt === null)
      complaints.push(
        `prompt_file must name a text file that can be read (it is ${quote(fields.prompt_file)})`,
      )
    if (complaints.length > 0 || prompt === null) return { complaints }
    return { analyser: openaiAnalyser(traitsOf(fields, null), { model, prompt, schema, maxTokens }, means) }
  }
  const { result, template: given, headers: givenHeaders = {} } = fields
  const template = (given ?? null) as Json
  const use = template === null ? null : readTemplate(template)
  complaints.push(...headerComplaints(givenHeaders))
  if (typeof use === 'string') complaints.push(`template ${use}`)
  else if (use !== null) complaints.push(...useComplaints(use, fields))
  if (complaints.length > 0 || typeof use === 'string') return { complaints }
  const headers = Object.fromEntries(
    Object.entries(givenHeaders).map(([name, value]) => [name.toLowerCase(), value]),
  )
  return { analyser: httpAnalyser(traitsOf(fields, use), { template, headers, result, schema }, means) }
}

/** Its fields with the defaults of those that are missing, or what is wrong with them. */
function fieldsOf(definition: Json): Fields | string[] {
  if (definition === null || typeof definition !== 'object' || Array.isArray(definition))
    return [`must be an object (it is ${quote(definition)})`]
  const { kind } = definition
  const checkers = typeof kind === 'string' && Object.hasOwn(FIELDS, kind) ? FIELD_CHECKERS[kind] : undefined
  if (checkers === undefined)
    return [`kind must be one of ${Object.keys(FIELDS).join(', ')} (it is ${quote(kind)})`]
  const complaints = Object.keys(definition)
    .filter((name) => !checkers.some((checker) => checker.name === name))
    .map((name) => `${quote(name)} is not a field of this kind`)
  const fields: Record<string, unknown> = {}
  for (const { name, schema, isRequired, checker } of checkers) {
    const value = Object.hasOwn(definition, name) ? definition[name] : undefined
    if (value === undefined) {
      if ('default' in schema) fields[name] = schema.default
      else if (isRequired) complaints.push(`${name} must be given: it ${expectationOf(schema, 'is missing')}`)
    } else if (checker.Check(value)) fields[name] = value
    else {
      const shown = NOT_SHOWN.has(name) ? '' : ` (it is ${quote(value)})`
      complaints.push(`${name} ${expectationOf(schema, 'is not valid')}${shown}`)
    }
  }
  return complaints.length > 0 ? complaints : (fields as Fields)
}

function traitsOf(fields: Fields, use: TemplateUse | null): Traits {
  const { name, url, version, accepts, languages, tones, parameters, currency } = fields
  const setOf = (given: string[] | undefined) => (given === undefined ? null : new Set(given))
  const none: ReadonlySet<string> = new Set()
  return {
    name,
    url,
    version,
    accepts: new Set(accepts),
    // A template that has no place for something would not let the analyser know of it.
    languages: use?.language === false ? none : setOf(languages),
    tones: use?.tone === false ? none : setOf(tones),
    parameters: setOf(parameters) ?? use?.parameters ?? null,
    costMicros: parseMoney(fields.cost) ?? 0n,
    currency,
    timeoutMs: fields.timeout_ms,
    concurrency: fields.concurrency,
    dailyBudgetMicros: fields.daily_budget === undefined ? null : parseMoney(fields.daily_budget),
  }
}

function useComplaints(use: TemplateUse, { languages, tones, parameters = [] }: HttpFields): string[] {
  const missing = parameters.find((name) => use.parameters?.has(name) === false)
  return [
    ...(languages !== undefined && !use.language
      ? ['languages are named, and template has no "{language}"']
      : []),
    ...(tones !== undefined && !use.tone ? ['tones are named, and template has no "{tone}"'] : []),
    ...(missing === undefined ? [] : [`template has no "{parameters.${missing}}", which parameters names`]),
  ]
}

/** Never shown: there may be a password in it. */
function urlComplaints(text: string): string[] {
  if (!URL.canParse(text)) return ['url is not a valid URL']
  const { protocol, username, password, hash } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') return ['url must begin with http:// or https://']
  if (username !== '' || password !== '')
    return ['url must not hold a user name or a password: key_env is for that']
  return hash === '' ? [] : ['url must not have a part behind #']
}

function keyComplaints(name: string | undefined, environment: Surroundings['environment']): string[] {
  if (name === undefined) return []
  const key = environment[name] ?? ''
  if (key === '') return [`key_env names ${name}, which is not set in the environment`]
  return KEY.test(key)
    ? []
    : [`key_env names ${name}, whose value holds blanks or other than ASCII characters`]
}

function headerComplaints(headers: Record<string, string>): string[] {
  return Object.entries(headers).flatMap(([given, value]) => {
    const name = given.toLowerCase()
    if (!HEADER_NAME.test(name)) return [`headers: ${quote(given)} is not the name of a header`]
    if (OWN_HEADERS.test(name)) return [`headers: ${quote(given)} may not be set: a key comes by key_env`]
    return HEADER_VALUE.test(value) ? [] : [`headers: the value of ${quote(given)} is not printable ASCII`]
  })
}

async function promptOf(file: string): Promise<string | null> {
  const prompt = await readFile(file, 'utf8').catch(() => '')
  return prompt.trim() === '' ? null : prompt.trim()
}
