// Requests that each recipient could take for another one, refused before anything is made of them: RFC 9112 tells a server to, and what stands
// in front of this one may have read them differently.
import type { IncomingMessage } from 'node:http'
import fastifyPlugin from 'fastify-plugin'
import { isHost } from '../http/host.ts'
import { isOwnRequest } from '../http/own-request.ts'
import { MAX_HEADERS } from '../http/server.ts'
import { Problem } from '../problems.ts'

/** Those that Node keeps the first of, and that something is decided by. */
const ONCE = new Set(['authorization', 'content-type', 'host'])

export default fastifyPlugin(
  (app, _options, done) => {
    app.addHook('onRequest', (request, reply, next) => {
      const problem = isOwnRequest(request) ? null : complaintAbout(request.raw)
      // Where it ends is what may be in doubt.
      if (problem !== null) reply.header('connection', 'close')
      next(problem ?? undefined)
    })
    done()
  },
  { name: 'well-formed' },
)

/** What is wrong with a request as a whole, or null. */
function complaintAbout(request: IncomingMessage): Problem | null {
  const { rawHeaders, headers, url = '', method, httpVersionMajor, httpVersionMinor } = request
  if (rawHeaders.length > 2 * MAX_HEADERS)
    return new Problem('headers_too_large', `there are more than ${MAX_HEADERS} headers`)
  if (httpVersionMajor !== 1) return malformed('this is not HTTP/1.1')
  const repeated = repeatedOf(rawHeaders)
  if (repeated !== null) return malformed(`the header ${repeated} must be sent once`)
  const { host, 'transfer-encoding': transferCoding, expect } = headers
  if (host === undefined ? httpVersionMinor > 0 : !isHost(host))
    return malformed('the header Host must be there and name a host')
  if (!(TARGET.test(url) || (url === '*' && method === 'OPTIONS')))
    return malformed('the target must be a path, with a query or without')
  if (transferCoding !== undefined && (httpVersionMinor === 0 || !isChunked(transferCoding)))
    return malformed('the one transfer coding that is taken is chunked, in HTTP/1.1')
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return new Problem('expectation_failed', 'the one expectation that is met is 100-continue')
  return null
}

function malformed(detail: string): Problem {
  return new Problem('malformed_request', detail)
}

/** In characters that a URL may have, and without a fragment, behind which a router may see parameters. */
const TARGET = /^(https?:\/\/[^/?#]*)?\/[!-"$-~]*$/i

function isChunked(transferCoding: string): boolean {
  return transferCoding.toLowerCase() === 'chunked'
}

function repeatedOf(rawHeaders: readonly string[]): string | null {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (!ONCE.has(name)) continue
    if (seen.has(name)) return name
    seen.add(name)
  }
  return null
}
