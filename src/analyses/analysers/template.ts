// The JSON that a text is sent in: the plain form, or a template whose placeholders are filled in as values.
import type { Asked, Json } from './analyser.ts'

const PLACEHOLDER = /^\{(text|language|tone|parameters(?:\.(.+))?)\}$/
const NEARLY = /\{(?:text|language|tone|parameters(?:\.[^}]*)?)\}/

/** What a template asks for. */
export interface TemplateUse {
  text: boolean
  language: boolean
  tone: boolean
  /** Names of parameters; null where it takes all of them. */
  parameters: ReadonlySet<string> | null
}

/** `{text, language, tone, parameters}`; what was not given is left out. */
export function plainBody(text: string, { language, tone, parameters }: Asked): Json {
  return {
    text,
    ...(language === null ? {} : { language }),
    ...(tone === null ? {} : { tone }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  }
}

/**
 * A template with each string that is a placeholder (`{text}`, `{language}`, `{tone}`, `{parameters}`, `{parameters.name}`) replaced by its value, of
 * whatever type that is. A member whose value was not given is left out; in an array null stands for it.
 */
export function filledTemplate(template: Json, text: string, asked: Asked): Json {
  return fill(template, text, asked) ?? null
}

/** @returns what is wrong with it, as the end of a sentence, where something is. */
export function readTemplate(template: Json): TemplateUse | string {
  const names = new Set<string>()
  let takesAll = false
  const seen = new Set<string>()
  for (const string of stringsIn(template)) {
    const match = PLACEHOLDER.exec(string)
    if (match === null && NEARLY.test(string))
      return 'has a placeholder within a longer text: a placeholder is a string of its own'
    if (match === null) continue
    const [, kind = '', name] = match
    seen.add(kind)
    if (kind === 'parameters') takesAll = true
    if (name !== undefined) names.add(name)
  }
  if (!seen.has('text')) return 'must have the string "{text}" where the text is to stand'
  const has = (kind: string) => seen.has(kind)
  return { text: true, language: has('language'), tone: has('tone'), parameters: takesAll ? null : names }
}

function fill(part: Json, text: string, asked: Asked): Json | undefined {
  if (typeof part === 'string') return valueOf(part, text, asked)
  if (part === null || typeof part !== 'object') return part
  if (Array.isArray(part)) return part.map((item) => fill(item, text, asked) ?? null)
  const members = Object.entries(part).map(([name, member]) => [name, fill(member, text, asked)] as const)
  return Object.fromEntries(members.filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

function valueOf(string: string, text: string, asked: Asked): Json | undefined {
  const match = PLACEHOLDER.exec(string)
  if (match === null) return string
  const [, kind, name] = match
  if (kind === 'text') return text
  if (kind === 'language' || kind === 'tone') return asked[kind] ?? undefined
  const { parameters } = asked
  if (name === undefined) return Object.keys(parameters).length === 0 ? undefined : { ...parameters }
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined
}

function* stringsIn(part: Json): Generator<string> {
  if (typeof part === 'string') yield part
  else if (part !== null && typeof part === 'object')
    for (const member of Object.values(part)) yield* stringsIn(member)
}
