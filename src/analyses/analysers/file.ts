// The ANALYSERS file: read and checked at the start, so that nothing is found wrong with it while somebody waits for an answer.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '../../config.ts'
import { repeatedName } from '../../repeated-name.ts'
import { quote } from '../../loading/wording.ts'
import type { Time } from '../../time/time.ts'
import type { Analyser, Json } from './analyser.ts'
import { readAnalyser } from './definition.ts'

export interface AnalyserSource {
  /** Path of the file, ANALYSERS; undefined where there is none. */
  file: string | undefined
  /** Always there, after those of the file. */
  lexicon: Analyser
  /** Where the keys of providers are. */
  environment: Readonly<Record<string, string | undefined>>
  time: Time
}

/**
 * The analysers, the default one first.
 *
 * @throws ConfigError that names the file, and each analyser and field that is wrong. It shows values, but nothing that may be a key.
 */
export async function loadAnalysers(source: AnalyserSource): Promise<readonly [Analyser, ...Analyser[]]> {
  const { file, lexicon, environment, time } = source
  if (file === undefined) return [lexicon]
  const fail = (complaints: string[]) => new ConfigError(`ANALYSERS, ${file}: ${complaints.join('; ')}`)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fail([`it cannot be read (${String((error as NodeJS.ErrnoException).code)})`])
  })
  const definitions = listIn(text)
  if (typeof definitions === 'string') throw fail([definitions])

  const complaints: string[] = []
  const analysers: Analyser[] = []
  for (const [index, definition] of definitions.entries()) {
    const read = await readAnalyser(definition, { directory: path.dirname(file), environment, time })
    if ('complaints' in read)
      complaints.push(...read.complaints.map((complaint) => `${nameOf(definition, index)}: ${complaint}`))
    else analysers.push(read.analyser)
  }
  complaints.push(...complaintsTogether(definitions, lexicon.name))
  const [first, ...others] = analysers
  if (complaints.length > 0 || first === undefined) throw fail(complaints)
  return [first, ...others, lexicon]
}

/** The analysers' definitions, or what is wrong with the whole. */
function listIn(text: string): Json[] | string {
  let json: Json
  try {
    json = JSON.parse(text) as Json
  } catch (error) {
    // The rest of the message shows the text around it.
    const [place = ''] = /at position \d+.*$/.exec((error as Error).message) ?? []
    return `it is not valid JSON ${place}`.trim()
  }
  const repeated = repeatedName(text)
  if (repeated !== null) return `the name ${quote(repeated)} stands twice in one object`
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return FORM
  const { analysers, ...others } = json
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) return `${quote(unknown)} is not a field of it: ${FORM}`
  return Array.isArray(analysers) && analysers.length > 0 ? analysers : FORM
}

const FORM = 'it must be of the form {"analysers": [{"name": …}, …]}, with one of them at least'

/** What cannot be seen of one alone. */
function complaintsTogether(definitions: Json[], reserved: string): string[] {
  const complaints: string[] = []
  const names = definitions.map((definition) => memberOf(definition, 'name'))
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string') continue
    if (name === reserved) complaints.push(`analyser ${quote(name)}: name is taken by the embedded one`)
    else if (names.indexOf(name) < index) complaints.push(`analyser ${quote(name)}: name stands twice`)
  }
  const currencies = new Set(definitions.map((definition) => memberOf(definition, 'currency') ?? 'EUR'))
  if (currencies.size > 1)
    complaints.push(
      `currency must be the same for all, since sums are made of them (${quote([...currencies])})`,
    )
  return complaints
}

function nameOf(definition: Json, index: number): string {
  const name = memberOf(definition, 'name')
  return typeof name === 'string' ? `analyser ${quote(name)}` : `analyser ${index + 1} of the list`
}

function memberOf(definition: Json, name: string): Json | undefined {
  return definition === null || typeof definition !== 'object' || Array.isArray(definition)
    ? undefined
    : definition[name]
}
