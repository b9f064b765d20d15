// The query string: parsed, and refused when it is longer than any honest one.
import querystring from 'node:querystring'
import fastifyPlugin from 'fastify-plugin'
import { Problem } from '../problems.ts'

/** Node itself ends at 16 KB of URL and headers. */
const QUERY_MAX_LENGTH = 4096
const NAME_SHOWN_LENGTH = 100

/**
 * The query string's parameters; repeated ones as arrays, which no schema here takes. The router calls this where nobody would catch an
 * error: one that is thrown here ends the process.
 */
export function parseQuery(text: string): Record<string, unknown> {
  // Of any number: by default the thousand-and-first would be lost without a word.
  return querystring.parse(text, '&', '=', { maxKeys: 0 })
}

export default fastifyPlugin(
  (app, _options, done) => {
    app.addHook('onRequest', ({ url, query }, _reply, next) => {
      const start = url.length > QUERY_MAX_LENGTH ? url.indexOf('?') : -1
      const length = start === -1 ? 0 : url.length - start - 1
      if (length > QUERY_MAX_LENGTH) next(tooLong(query as querystring.ParsedUrlQuery, length))
      else next()
    })
    done()
  },
  { name: 'query' },
)

function tooLong(query: querystring.ParsedUrlQuery, length: number): Problem {
  let [longest, most] = ['', 0]
  for (const [name, value] of Object.entries(query)) {
    const characters = name.length + (Array.isArray(value) ? value.join('') : (value ?? '')).length
    if (characters > most) [longest, most] = [name, characters]
  }
  const detail = `the query string is ${length} characters long; at most ${QUERY_MAX_LENGTH} are taken`
  // Thousands of separators alone have no name.
  const errors =
    longest === '' ? [] : [{ parameter: longest.slice(0, NAME_SHOWN_LENGTH), detail: 'is the longest one' }]
  return new Problem('query_too_long', detail, errors)
}
