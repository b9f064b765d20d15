// Hits, answered before the framework sees them. A URL that was validated once names the same entry each time; so it is looked up as it stands,
// judged like any other look-up, and written with a head of which hardly anything is put together anew.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import { bodyOf, type Answer, type Cache, type Entry, type Tier } from '../cache/index.ts'
import { ageOf, answerHeaders, secondsLeft, type AnswerPolicy, type Purpose } from './answer-headers.ts'
import { codingFor, compressFor, knownCoding, packedFor } from './coding.ts'
import { isHost } from './host.ts'
import { cutHead, useHead, type HeadParts } from './hot-head.ts'
import type { Time } from '../time/time.ts'
import type { RouteCounts } from './request-counts.ts'
import { MAX_HEADERS, type Listener } from './server.ts'

/** URLs that are known at a time, and what they take together at most, in characters. */
const MAX_URLS = 20_000
const MAX_CHARACTERS = 16 * 1024 * 1024
/** Of the heads of a URL, roughly. */
const HEAD_CHARACTERS = 1000
/** No honest URL of ours is longer; the framework looks into longer ones itself. */
const MAX_URL_LENGTH = 1024

interface HotAnswer {
  key: string
  /** Of its route. */
  counts: RouteCounts
  /** What the heads were made of; not the entry, which would outlive its place in the memory tier here. */
  etag: string
  storedAt: number
  /** Another zlib, of another instance, may have made other bytes of the same answer. */
  gzipLength: number | undefined
  /** By kind, as `KINDS` numbers them; null until one was written, or where it cannot be cut. */
  heads: readonly (HeadParts | null)[]
}

const NO_HEADS: readonly null[] = [null, null, null, null]

/** Places in `heads`: a full answer and a 304, by coding. */
const KINDS = { identity: { 200: 0, 304: 1 }, gzip: { 200: 2, 304: 3 } } as const

export interface HotAnswersOptions {
  cache: Pick<Cache, 'hit' | 'remoteHit' | 'compress' | 'mayCompress' | 'packed' | 'hasMemory'>
  time: Pick<Time, 'now'>
  policy: AnswerPolicy
  /** Headers that every answer of the service has, whatever it is. */
  always: Readonly<Record<string, string>>
  requestId: (given: string | undefined) => string
  /** Whether a request with this Origin header needs an answer of its own. */
  variesByOrigin: boolean
}

/** Names and values in turn: of more headers than are taken the framework refuses a request. */
const MAX_RAW_HEADERS = 2 * MAX_HEADERS

/** The few headers of a request that matter here. */
interface Asked {
  requestId: string | undefined
  ifNoneMatch: string | undefined
  acceptEncoding: string | undefined
}

export class HotAnswers {
  readonly #answers = new LRUCache<string, HotAnswer>({
    max: MAX_URLS,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (answer, url) => url.length + answer.key.length + HEAD_CHARACTERS,
  })
  readonly #options: HotAnswersOptions
  #host = ''

  constructor(options: HotAnswersOptions) {
    this.#options = options
  }

  /** Notes that a GET of this URL, as it came, was found valid and is answered by this key to whoever asks. */
  remember(url: string, key: string, counts: RouteCounts): void {
    if (url.length > MAX_URL_LENGTH || this.#answers.has(url)) return
    this.#answers.set(url, {
      key,
      counts,
      etag: '',
      storedAt: 0,
      gzipLength: undefined,
      heads: NO_HEADS,
    })
  }

  /**
   * Answers the request if there is nothing to it but a hit; else leaves it untouched and returns false.
   *
   * @param otherwise answers it where there turns out to be more to it after Redis was asked.
   */
  answer(request: IncomingMessage, response: ServerResponse, otherwise: Listener): boolean {
    if (request.method !== 'GET') return false
    const answer = this.#answers.get(request.url ?? '')
    if (answer === undefined) return false
    const asked = this.#readHeaders(request.rawHeaders)
    if (asked === null) return false
    const { cache, time } = this.#options
    // Once for all that a hit is judged by and says.
    const now = time.now()
    const entry = cache.hit(answer.key, now)
    if (entry !== null) {
      const packed = packedFor(cache, answer.key, entry, asked.acceptEncoding)
      if (packed === null) this.#write(answer, entry, { tier: 'memory', asked, now }, response)
      else this.#writeLate(answer, packed, 'memory', asked, response)
      return true
    }
    // With a memory tier, what is not there is rarely in Redis, and asking twice costs more than the framework.
    if (cache.hasMemory) return false
    cache
      .remoteHit(answer.key)
      .then((found) => {
        if (found === null) otherwise(request, response)
        else {
          const packed = packedFor(cache, answer.key, found, asked.acceptEncoding)
          this.#writeLate(answer, packed ?? found, 'redis', asked, response)
        }
      })
      // Nothing of it fails but by a defect, which must cost one answer and not the process.
      .catch((error: unknown) => response.destroy(error as Error))
    return true
  }

  /** To whoever is still there by then. */
  #writeLate(
    answer: HotAnswer,
    entry: Entry | Promise<Entry>,
    tier: Tier,
    asked: Asked,
    response: ServerResponse,
  ): void {
    if (!(entry instanceof Promise)) {
      if (!response.destroyed)
        this.#write(answer, entry, { tier, asked, now: this.#options.time.now() }, response)
      return
    }
    entry
      .then((packed) => this.#writeLate(answer, packed, tier, asked, response))
      .catch((error: unknown) => response.destroy(error as Error))
  }

  #write(
    answer: HotAnswer,
    entry: Entry,
    { tier, asked, now }: { tier: Tier; asked: Asked; now: number },
    response: ServerResponse,
  ): void {
    const { etag, storedAt } = entry
    const gzipLength = entry.gzip?.length
    if (answer.storedAt !== storedAt || answer.etag !== etag || answer.gzipLength !== gzipLength)
      Object.assign(answer, { etag, storedAt, gzipLength, heads: NO_HEADS })
    const coding = codingFor(entry, asked.acceptEncoding)
    const known = knownCoding(asked.ifNoneMatch, entry, coding)
    const status = known === null ? 200 : 304
    if (status === 200) answer.counts.ok++
    else answer.counts.notModified++
    const kind = KINDS[known ?? coding][status]
    const head = answer.heads[kind] ?? null
    const id = this.#options.requestId(asked.requestId)
    // Where the connection is to end, the head says so, and Node sees to it.
    if (head !== null && response.shouldKeepAlive) {
      const age = ageOf(entry, now)
      useHead(response, head, { id, age, ttl: secondsLeft(entry, now), now, status })
    } else {
      const path = answer.counts.route
      response.writeHead(
        status,
        this.#headers({ entry, outcome: 'HIT', tier }, { coding: known ?? coding, path, now }, status, id),
      )
      if (response.shouldKeepAlive) answer.heads = answer.heads.with(kind, cutHead(response))
    }
    response.end(status === 304 ? undefined : coding === 'gzip' ? entry.gzip : bodyOf(entry))
    compressFor(this.#options.cache, answer.key, entry, asked.acceptEncoding)
  }

  /** Names and values in turn, as Node takes them. */
  #headers(answer: Answer, to: Purpose, status: 200 | 304, id: string): string[] {
    const { policy, always } = this.#options
    const { entry } = answer
    const headers = Object.entries({ ...always, ...answerHeaders(answer, policy, to) })
    const length = to.coding === 'gzip' ? (entry.gzip?.length ?? 0) : entry.length
    return [
      'x-request-id',
      id,
      ...headers
        .filter(([name]) => status === 200 || name !== 'content-encoding')
        .flat()
        .map(String),
      ...(status === 200 ? ['content-length', String(length)] : []),
    ]
  }

  /** Without making an object of all headers; null where one asks for more than a hit, or the framework would refuse it. */
  #readHeaders(raw: readonly string[]): Asked | null {
    if (raw.length > MAX_RAW_HEADERS) return null
    let host: string | undefined
    let requestId: string | undefined
    let ifNoneMatch: string | undefined
    let acceptEncoding: string | undefined
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index] ?? ''
      // By length first: most headers are none of these.
      switch (name.length) {
        case 4:
          if (name !== 'Host' && name.toLowerCase() !== 'host') break
          if (host !== undefined) return null
          host = raw[index + 1]
          break
        case 6:
          if (this.#options.variesByOrigin && name.toLowerCase() === 'origin') return null
          break
        case 7:
          if (name.toLowerCase() === 'upgrade') return null
          break
        case 8:
          if (name.toLowerCase() === 'if-match') return null
          break
        case 9:
          // The answer may be a person's.
          if (name.toLowerCase() === 'x-subject') return null
          break
        case 12:
          if (name.toLowerCase() !== 'x-request-id') break
          if (requestId !== undefined) return null
          requestId = raw[index + 1]
          break
        case 13:
          if (name.toLowerCase() !== 'if-none-match') break
          if (ifNoneMatch !== undefined) return null
          ifNoneMatch = raw[index + 1]
          break
        case 14:
          if (name.toLowerCase() === 'content-length') return null
          break
        case 15:
          if (name.toLowerCase() !== 'accept-encoding') break
          if (acceptEncoding !== undefined) return null
          acceptEncoding = raw[index + 1]
          break
        case 17:
          if (name.toLowerCase() === 'transfer-encoding') return null
      }
    }
    return host !== undefined && this.#isHost(host) ? { requestId, ifNoneMatch, acceptEncoding } : null
  }

  /** Most requests are for the host that the last one was for. */
  #isHost(host: string): boolean {
    if (host === this.#host) return true
    if (!isHost(host)) return false
    this.#host = host
    return true
  }
}
