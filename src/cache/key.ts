// Canonical cache keys: one answer, one key, however the request was spelt.

export type KeyParameters = Record<string, string | number | boolean | undefined>

/** What encodeURIComponent escapes and a key need not: these read better and mean nothing to a glob. */
const READABLE = /%(?:5E|3A|2C|2F|40|2B)/g
/** What encodeURIComponent leaves alone and a pattern would have to escape. */
const GLOB_CHARACTERS = /[*]/g

/**
 * The key `category:subcategory:params`, for example `volume:latest:days=30&symbol=^GSPC`: parameters sorted, undefined ones left out, escaped
 * so that keys are printable ASCII without glob characters, `&` or `=` inside a value.
 */
export function cacheKey(category: string, subcategory: string, parameters: KeyParameters): string {
  const pairs = Object.keys(parameters)
    .filter((name) => parameters[name] !== undefined)
    .sort()
    .map((name) => `${name}=${escapeValue(String(parameters[name]))}`)
  return `${category}:${subcategory}:${pairs.join('&')}`
}

/** What stays as it is; most values are nothing else. */
const PLAIN = /^[A-Za-z0-9^:,/@+_.!~'()-]*$/

function escapeValue(value: string): string {
  if (PLAIN.test(value)) return value
  return encodeURIComponent(value)
    .replace(READABLE, decodeURIComponent)
    .replace(GLOB_CHARACTERS, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
