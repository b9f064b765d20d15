// `.env`, read so that no setting is lost or cut: what is not clear is refused by its name and line.
import { lstatSync, readFileSync } from 'node:fs'
import { ConfigError } from './config.ts'

const SETTING = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=[^\S\n]*/
/** Characters that most often come from a file in another encoding, or from no text at all. */
const UTF_16_MARKS = ['fffe', 'feff']
/** Compose and shells replace these; nothing here does. */
const REPLACED = /\$\{\w+/

/**
 * Adds what the file sets to an environment such as `process.env`; what is set there already stays. No file is no mistake.
 *
 * @throws ConfigError that names each line which cannot be taken as it stands.
 */
export function applyEnvFile(environment: Record<string, string | undefined>, file = '.env'): void {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return
  for (const [name, value] of Object.entries(parseEnvFile(readBytes(file), file))) environment[name] ??= value
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/**
 * The settings in the bytes of such a file: `NAME=value` lines, with `#` in front of comments. A value may stand in ", ' or `, over several
 * lines; within " a `\n` is a line break. A byte order mark is left out.
 *
 * @throws ConfigError as above; it shows names and never values.
 */
export function parseEnvFile(bytes: Buffer, file = '.env'): Record<string, string> {
  const text = textOf(bytes, file)
  const complaints: string[] = []
  const values: Record<string, string> = {}
  const lineOf: Record<string, number> = {}
  let line = 1
  for (let rest = text; rest !== '';) {
    const { length, setting, complaint } = readSetting(rest)
    if (complaint !== undefined) complaints.push(`${file}, line ${line}: ${complaint}`)
    else if (setting !== undefined) {
      const [name, value] = setting
      const before = lineOf[name]
      if (before !== undefined && values[name] !== value)
        complaints.push(`${file}, line ${line}: ${name} has another value in line ${before}`)
      lineOf[name] ??= line
      values[name] ??= value
    }
    line += rest.slice(0, length).split('\n').length - 1
    rest = rest.slice(length)
  }
  if (complaints.length > 0) throw new ConfigError(complaints.join('; '))
  return values
}

function textOf(bytes: Buffer, file: string): string {
  if (UTF_16_MARKS.includes(bytes.toString('hex', 0, 2)) || bytes.includes(0))
    throw new ConfigError(`${file} is not UTF-8 but UTF-16 or no text: none of its settings can be read`)
  try {
    // The decoder leaves a byte order mark out.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.replaceAll(/\r\n?/g, '\n')
  } catch {
    throw new ConfigError(`${file} is not UTF-8: save it as such`)
  }
}

interface Read {
  /** Characters that it takes, its line break included. */
  length: number
  setting?: [name: string, value: string]
  complaint?: string
}

/** The first thing in the text: a setting, a comment, a blank line, or something else. */
function readSetting(text: string): Read {
  const end = text.indexOf('\n')
  const line = end === -1 ? text : text.slice(0, end)
  const length = line.length + (end === -1 ? 0 : 1)
  const trimmed = line.trimStart()
  if (trimmed === '' || trimmed.startsWith('#')) return { length }
  const [head, name = ''] = SETTING.exec(trimmed) ?? []
  // The value of a line that is no setting may be a secret all the same.
  if (head === undefined) return { length, complaint: 'is no setting of the form NAME=value' }
  const from = line.length - trimmed.length + head.length
  const quote = text.charAt(from)
  return quote !== '' && '"\'`'.includes(quote)
    ? readQuoted(text, name, from)
    : { length, ...readPlain(name, line.slice(from), head) }
}

function readPlain(name: string, text: string, head: string): Pick<Read, 'setting' | 'complaint'> {
  const comment = text.search(/(^|\s)#/)
  const value = (comment === -1 ? text : text.slice(0, comment)).trim()
  // `NAME=#x` is a value to some readers and a comment to others, and so is `a#b`.
  const isCut = value.includes('#') || (comment === 0 && text.startsWith('#') && head.endsWith('='))
  if (isCut) return { complaint: `the value of ${name} has a # in it: put it in quotes` }
  if (REPLACED.test(value)) return { complaint: replacedComplaint(name) }
  return { setting: [name, value] }
}

function readQuoted(text: string, name: string, from: number): Read {
  const quote = text.charAt(from)
  const close = text.indexOf(quote, from + 1)
  const lineEnd = text.indexOf('\n', close === -1 ? from : close)
  const length = lineEnd === -1 ? text.length : lineEnd + 1
  if (close === -1) return { length, complaint: `the value of ${name} has a ${quote} that is not closed` }
  const behind = text.slice(close + 1, lineEnd === -1 ? undefined : lineEnd)
  if (!/^\s*(#|$)/.test(behind))
    return { length, complaint: `the value of ${name} goes on behind its closing ${quote}` }
  const inside = text.slice(from + 1, close)
  if (quote === '"' && REPLACED.test(inside)) return { length, complaint: replacedComplaint(name) }
  return { length, setting: [name, quote === '"' ? inside.replaceAll('\\n', '\n') : inside] }
}

function replacedComplaint(name: string): string {
  return `the value of ${name} has a \${…} in it, which nobody replaces here: write the value, or put it in single quotes`
}
