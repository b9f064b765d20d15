// Answers a read route through the cache: the stored bytes, their entity tag, 304, and headers that say where they came from.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { bodyOf, cacheKey, type Answer, type Entry, type KeyParameters, type Loaded } from '../cache/index.ts'
import type { Category } from '../plugins/cache.ts'
import { Problem, type ParameterError, type ProblemCode } from '../problems.ts'
import { answerHeaders } from './answer-headers.ts'
import { isOwnRequest } from './own-request.ts'
import { acceptsGzip, codingFor, compressFor, isNamedBy, knownCoding, packedFor } from './coding.ts'

export interface CachedResource {
  category: Category
  /** Second part of the key. */
  name: string
  /** Validated, defaults filled in. */
  parameters: KeyParameters
  /** What the answer is made of: see `Policy.tags`. */
  tags: readonly string[]
  /** See `Policy.isRare`. */
  isRare?: boolean
}

/** What a load brings: the value that becomes the body, and a Link header for lists. */
export interface LoadedValue {
  value: object
  link?: string
  /** Narrower than the resource's, where only the value tells. */
  tags?: readonly string[]
}

/** Answers with the cached bytes of a resource; `load` runs on a miss and its value is serialised once. */
export function answerFromCache(
  request: FastifyRequest,
  reply: FastifyReply,
  { category, name, parameters, tags, isRare = false }: CachedResource,
  load: () => Promise<LoadedValue>,
): undefined | Promise<void> {
  const { cache, cachePolicies } = request.server
  const key = cacheKey(category, name, parameters)
  const { ttlSeconds } = cachePolicies[category]
  const packs = acceptsGzip(request.headers['accept-encoding'])
  const policy = { ttlSeconds, tags, isRare, packs, recipe: request.url }
  const loadBytes = (): Promise<Loaded> => load().then(serialise, absence)
  if (isOwnRequest(request))
    return cache.warm(key, policy, loadBytes).then((isWarm) => void reply.code(isWarm ? 204 : 503).send())
  const answer = cache.getOrLoad(key, policy, loadBytes)
  if (answer instanceof Promise) return sendLate(request, reply, key, answer)
  const packed = packedFor(cache, key, answer.entry, request.headers['accept-encoding'])
  if (packed !== null) return sendPacked(request, reply, key, answer, packed)
  // A hit in memory is answered in this turn of the event loop.
  void sendAnswer(request, reply, key, answer)
  return undefined
}

async function sendLate(
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  answer: Promise<Answer>,
): Promise<void> {
  const landed = await answer
  const packed = packedFor(request.server.cache, key, landed.entry, request.headers['accept-encoding'])
  if (packed === null) await sendAnswer(request, reply, key, landed)
  else await sendPacked(request, reply, key, landed, packed)
}

async function sendPacked(
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  answer: Answer,
  packed: Promise<Entry>,
): Promise<void> {
  await sendAnswer(request, reply, key, { ...answer, entry: await packed })
}

function serialise({ value, link, tags }: LoadedValue): Loaded {
  return { body: Buffer.from(JSON.stringify(value)), link, tags }
}

/** "There is no such thing" is an answer that is worth keeping for a moment, and goes with what it depends on. */
function absence(error: unknown): Loaded {
  if (!(error instanceof Problem) || error.statusCode !== 404) throw error
  const { code, message, errors } = error
  return { body: Buffer.from(JSON.stringify({ code, message, errors } satisfies Absence)), absent: true }
}

interface Absence {
  code: ProblemCode
  message: string
  errors: ParameterError[]
}

/** Sends an answer of the cache, with all that it says of itself; 304 to whoever has it. */
export function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  { entry, outcome, tier }: Answer,
): FastifyReply {
  request.log.debug({ key, outcome, tier }, 'cache')
  const { method, server, headers, raw } = request
  if (entry.absent) {
    const { code, message, errors } = JSON.parse(bodyOf(entry).toString()) as Absence
    throw new Problem(code, message, errors)
  }
  const ifMatch = headers['if-match']
  if (ifMatch !== undefined && !isNamedBy(ifMatch, entry))
    throw new Problem('precondition_failed', 'the answer is none of those that If-Match names')
  const coding = codingFor(entry, headers['accept-encoding'])
  const known = method === 'POST' ? null : knownCoding(headers['if-none-match'], entry, coding)
  const purpose = { coding: known ?? coding, path: request.routeOptions.url ?? '', now: server.time.now() }
  reply.headers(answerHeaders({ entry, outcome, tier }, server.answerPolicy, purpose))
  if (outcome === 'HIT') {
    // The next one is answered by its URL alone.
    const { counts } = request.routeOptions.config
    if (method === 'GET' && counts !== undefined) server.hotAnswers?.remember(raw.url ?? '', key, counts)
    compressFor(server.cache, key, entry, headers['accept-encoding'])
  }
  if (known !== null) return reply.removeHeader('content-encoding').code(304).send()
  return reply.send(coding === 'gzip' ? entry.gzip : bodyOf(entry))
}
