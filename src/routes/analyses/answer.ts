// Answers about a content: from the cache, from PostgreSQL, or by a call; of a person's, never from the cache.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Analyser, Asked, Content, Json } from '../../analyses/analysers/analyser.ts'
import type { Order } from '../../analyses/calls.ts'
import { answerBody, standInEntry } from '../../analyses/answer-body.ts'
import { variantKey, type Variant } from '../../analyses/identity.ts'
import { parseMoney } from '../../analyses/money.ts'
import type { Paid } from '../../analyses/savings.ts'
import type { Subject } from '../../analyses/subject.ts'
import { bodyOf, type Answer, type Entry } from '../../cache/index.ts'
import type { ResultRow } from '../../db/analysis-results.ts'
import { requestDirectives } from '../../http/cache-control.ts'
import { sendAnswer } from '../../http/cached.ts'
import { Problem } from '../../problems.ts'
import { resolve, type Named } from './asked.ts'

export interface Wanted {
  content: Content
  hash: string
  analyser: Analyser
  asked: Asked
  subject: Subject | null
  ttlSeconds: number
}

/** @throws Problem of what is asked for, of the analyser or its budget. */
export function answerAnalysis(
  request: FastifyRequest,
  reply: FastifyReply,
  wanted: Wanted,
): undefined | Promise<void> {
  const { server, headers } = request
  const { hash, analyser, asked, content, subject, ttlSeconds } = wanted
  const variant = { kind: content.kind, hash, analyser, asked, subject: subject?.hash ?? null }
  const key = variantKey(variant)
  const order: Order = { key, variant, content, ttlSeconds, seal: null }
  const directives = requestDirectives(headers['cache-control'])
  if (subject !== null) return answerPersonal(request, reply, order, subject, directives)
  const hit = directives.noCache ? null : server.cache.hit(key)
  if (hit === null) return answerLate(request, reply, order, directives)
  server.savings.count('hits', paidOf(hit))
  void sendAnswer(request, reply, key, { entry: hit, outcome: 'HIT', tier: 'memory' })
  return undefined
}

/** The kept answer about a content, whatever its kind. @throws Problem analysis_unknown. */
export async function answerLookUp(
  request: FastifyRequest,
  reply: FastifyReply,
  hash: string,
  named: Named,
  subject: Subject | null,
): Promise<void> {
  const { analysers, analyses } = request.server
  const keys: string[] = []
  for (const kind of ['text', 'file'] as const) {
    const found = variantOf(analysers, kind, named)
    if (found === null) continue
    const key = variantKey({ ...found, kind, hash, subject: subject?.hash ?? null })
    keys.push(key)
    if (subject === null) {
      const kept = await keptAnswer(request, key, hash)
      if (kept !== null) return void sendAnswer(request, reply, key, kept)
    } else {
      const row = await analyses.personal(key)
      if (row !== null) {
        sendPersonal(reply, key, row, subject, 'HIT')
        return
      }
    }
  }
  throw await analyses.unknown(keys)
}

function variantOf(
  analysers: ReadonlyMap<string, Analyser>,
  kind: Content['kind'],
  named: Named,
): (Pick<Variant, 'asked'> & { analyser: Analyser }) | null {
  const chosen = named.analyser === undefined ? [...analysers.values()][0] : analysers.get(named.analyser)
  return chosen?.accepts.has(kind) === false ? null : resolve(analysers, kind, named)
}

async function answerLate(
  request: FastifyRequest,
  reply: FastifyReply,
  order: Order,
  { noCache, onlyIfCached }: ReturnType<typeof requestDirectives>,
): Promise<void> {
  const { analyses, savings, cache } = request.server
  const { key, variant } = order
  const kept = noCache ? null : await keptAnswer(request, key, variant.hash)
  if (kept !== null) {
    savings.count('hits', paidOf(kept.entry))
    return void sendAnswer(request, reply, key, kept)
  }
  if (onlyIfCached) throw notCached()
  let way
  try {
    way = await analyses.obtain(order, { isForced: noCache })
  } catch (error) {
    const standIn = !noCache && isOfAnalyser(error) ? await analyses.standIn(key) : null
    if (standIn === null) throw error
    const entry = standInEntry(standIn)
    savings.count('hits', paidOf(entry))
    return void sendAnswer(request, reply, key, { entry, outcome: 'STALE', tier: 'load' })
  }
  if (noCache) await cache.clear({ kind: 'key', selector: key }, request.actor, { reason: 'analysed anew' })
  const answer = await analyses.lookUp(key, variant.hash)
  if (way !== 'called') savings.count(way === 'shared' ? 'shared' : 'hits', paidOf(answer.entry))
  const outcome = way === 'kept' ? 'HIT' : 'MISS'
  sendAnswer(request, reply, key, { ...answer, outcome })
}

/** What is kept was paid for, and is a hit, from wherever it comes; null of nothing. */
async function keptAnswer(request: FastifyRequest, key: string, hash: string): Promise<Answer | null> {
  try {
    const answer = await request.server.analyses.lookUp(key, hash)
    return answer.outcome === 'MISS' ? { ...answer, outcome: 'HIT' } : answer
  } catch (error) {
    if (error instanceof Problem && error.code === 'analysis_unknown') return null
    throw error
  }
}

async function answerPersonal(
  request: FastifyRequest,
  reply: FastifyReply,
  order: Order,
  subject: Subject,
  { noCache, onlyIfCached }: ReturnType<typeof requestDirectives>,
): Promise<void> {
  const { analyses, savings } = request.server
  const { key } = order
  const kept = noCache ? null : await analyses.personal(key)
  if (kept !== null) {
    savings.count('hits', paidBy(kept))
    sendPersonal(reply, key, kept, subject, 'HIT')
    return
  }
  if (onlyIfCached) throw notCached()
  const ttlSeconds = Math.min(order.ttlSeconds, subject.ttlSeconds)
  const seal = (result: Json) => subject.sealing.seal(result, subject.name, key)
  const way = await analyses.obtain({ ...order, ttlSeconds, seal }, { isForced: noCache })
  const row = await analyses.personal(key)
  if (row === null)
    throw new Problem('analysis_discarded', 'the result was cleared or forgotten before it was there')
  if (way !== 'called') savings.count(way === 'shared' ? 'shared' : 'hits', paidBy(row))
  sendPersonal(reply, key, row, subject, way === 'kept' ? 'HIT' : 'MISS')
}

function sendPersonal(
  reply: FastifyReply,
  key: string,
  row: ResultRow,
  { sealing, name }: Subject,
  outcome: 'HIT' | 'MISS',
): void {
  const { salt, sealed } = row
  const opened = salt === null || sealed === null ? null : sealing.open({ salt, sealed }, name, key)
  if (opened === null) throw new Error(`the result of a person cannot be opened: ${key}`)
  void reply
    .headers({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'private, no-store',
      'x-cache': outcome,
      'cache-status':
        outcome === 'HIT' ? 'barometer; hit; detail=sealed' : 'barometer; fwd=miss; detail=sealed',
    })
    .send(answerBody(row, opened as unknown as { parameters: object; result: unknown }))
}

function notCached(): Problem {
  return new Problem('not_cached', 'this content was not analysed so, and the request says only-if-cached')
}

/** Whether a result of before may stand in for what went wrong. */
function isOfAnalyser(error: unknown): boolean {
  return error instanceof Problem && (error.statusCode >= 500 || error.code === 'budget_spent')
}

/** By entry: who is asked for often is read once. */
const paid = new WeakMap<Entry, Paid>()

function paidOf(entry: Entry): Paid {
  let known = paid.get(entry)
  if (known === undefined) {
    const { analyser, cost } = JSON.parse(bodyOf(entry).toString()) as {
      analyser: string
      cost: { amount: string; currency: string }
    }
    known = { analyser, currency: cost.currency, costMicros: Number(parseMoney(cost.amount) ?? 0n) }
    paid.set(entry, known)
  }
  return known
}

function paidBy({ analyser, currency, costMicros }: ResultRow): Paid {
  return { analyser, currency, costMicros: Number(costMicros) }
}
