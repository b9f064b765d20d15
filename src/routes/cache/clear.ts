// Clearing the cache, with care: counted before, refused where it is more than expected, and noted with its reason.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import {
  checkPattern,
  checkReason,
  checkTag,
  type ClearResult,
  type Counted,
  type Selector,
} from '../../cache/index.ts'
import { resultsNamedBy, voidedAnswer, voidedText } from '../../analyses/voided.ts'
import { countResults, hasResults, voidResults, type Voided } from '../../db/analysis-results.ts'
import { problemAnswers } from '../../http/schemas.ts'
import { invalidParameter, Problem } from '../../problems.ts'
import { ClearAnswer, ClearBody, ClearQuery, DryRunAnswer, NoQuery, type Asked } from './clear-schema.ts'
import { receiptOf } from './receipt.ts'

export const clearRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  const answers = {
    200: Type.Union([ClearAnswer, DryRunAnswer]),
    202: ClearAnswer,
    ...problemAnswers(400, 401, 403, 409, 412, 503),
  }
  const byQuery = {
    tags: ['cache'],
    summary: 'Clear what a pattern, a key or a tag selects',
    querystring: ClearQuery,
    response: answers,
  }
  for (const url of ['/cache/clear', '/api/v1/media/cache/clear']) {
    app.delete(url, { schema: byQuery, config: { access: 'ops' } }, (request, reply) =>
      answer(request, reply, request.query),
    )
  }
  const byBody = {
    tags: ['cache'],
    summary: 'Clear what a pattern selects',
    querystring: NoQuery,
    body: ClearBody,
    response: answers,
  }
  app.post('/api/admin/cache/clear', { schema: byBody, config: { access: 'ops' } }, (request, reply) =>
    answer(request, reply, request.body),
  )
  done()
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Asked,
): Promise<ClearAnswer | DryRunAnswer> {
  reply.header('cache-control', 'no-store')
  const selector = selectorOf(asked)
  const { dry_run: isDryRun = false, max, reason } = asked
  const complaint = reason === undefined ? null : checkReason(reason)
  if (complaint !== null) throw invalidParameter('reason', complaint)
  if (max !== undefined && selector.kind === 'tag')
    throw invalidParameter('max', 'cannot be combined with tag: what is made of these data is not counted')
  if (!isDryRun && max === undefined) return clear(request, reply, selector, reason)

  const counted = await request.server.cache.preview(selector)
  const named = resultsNamedBy(selector)
  const results = named === null ? null : await countResults(request.server.database.pool, named)
  // A result that is paid for weighs no less than a key that can be loaded again.
  if (max !== undefined)
    requireAtMost(max, { ...counted, count: Math.max(counted.count, results?.count ?? 0) })
  return isDryRun ? dryRun(selector, counted, results) : clear(request, reply, selector, reason)
}

async function clear(
  request: FastifyRequest,
  reply: FastifyReply,
  selector: Selector,
  reason: string | undefined,
): Promise<ClearAnswer> {
  const started = performance.now()
  // Before the clear: who reads after it finds no row.
  const named = resultsNamedBy(selector)
  const results = named === null ? null : await voidResults(request.server.database.pool, named)
  const result = await request.server.cache.clear(selector, request.actor, {
    reason,
    onWarning: (message, error) => request.log.warn({ err: error }, message),
  })
  const isLeft = named === null && isEverything(selector) && (await hasResults(request.server.database))
  const { seq, deleted, pending } = result
  const { confirmed, expired } = result.instances ?? { confirmed: null, expired: [] }
  const analyses = results?.count
  const ms = Math.round(performance.now() - started)
  request.log.info(
    { seq, ...selector, deleted, analyses, pending, actor: request.actor, reason, confirmed, expired, ms },
    'cache cleared',
  )
  reply.code(pending ? 202 : 200)
  return {
    success: true,
    deleted,
    ...selection(selector),
    message: clearMessage(selector, result, results, isLeft),
    ...(results === null ? {} : { analyses: voidedAnswer(results) }),
    ...receiptOf(result),
  }
}

/** @throws Problem where there are more keys, or may be more, than this. */
function requireAtMost(max: number, { count, complete }: Counted): void {
  if (count > max) {
    const detail = `it would delete ${complete ? '' : 'at least '}${keys(count)}, and max is ${max}; nothing was cleared`
    throw new Problem('clear_too_large', detail, [
      {
        parameter: 'max',
        detail: `is ${max}, and the clear selects ${complete ? '' : 'at least '}${keys(count)}`,
      },
    ])
  }
  if (!complete) {
    const detail = `it selects at least ${keys(count)}, and how many more cannot be counted at the moment, so that max cannot be held to; nothing was cleared`
    throw new Problem('shared_cache_unavailable', detail)
  }
}

function dryRun(
  selector: Selector,
  { count, complete, sample }: Counted,
  results: Voided | null,
): DryRunAnswer {
  const amount = `${complete ? '' : 'at least '}${keys(count)}`
  const message =
    selector.kind === 'tag'
      ? `nothing was cleared; ${keys(count)} in this instance's memory, and Redis is not searched for tags`
      : `nothing was cleared; ${amount} would be deleted${results === null ? '' : ` and ${voidedText(results)}`}`
  return {
    success: true,
    dry_run: true,
    deleted: 0,
    ...selection(selector),
    message,
    count,
    complete,
    sample,
    ...(results === null ? {} : { analyses: voidedAnswer(results) }),
  }
}

function selection({ kind, selector }: Selector): Pick<ClearAnswer, 'pattern' | 'key' | 'tag'> {
  return {
    pattern: kind === 'pattern' ? selector : null,
    ...(kind === 'pattern' ? {} : { [kind]: selector }),
  }
}

function selectorOf({ pattern, key, tag }: Asked): Selector {
  const given = Object.entries({ pattern, key, tag }).filter(([, value]) => value !== undefined)
  if (given.length > 1)
    throw invalidParameter(given[1]?.[0] ?? '', `cannot be combined with ${given[0]?.[0] ?? ''}`)
  if (key !== undefined) return { kind: 'key', selector: key }
  if (tag !== undefined) {
    const complaint = checkTag(tag)
    if (complaint !== null) throw invalidParameter('tag', complaint)
    return { kind: 'tag', selector: tag }
  }
  if (pattern === undefined) return { kind: 'pattern', selector: '*' }
  const complaint = checkPattern(pattern)
  if (complaint !== null) throw invalidParameter('pattern', complaint)
  return { kind: 'pattern', selector: pattern }
}

function clearMessage(
  { kind, selector }: Selector,
  { deleted, pending, swept }: ClearResult,
  results: Voided | null,
  isLeft: boolean,
): string {
  const parts = [
    kind === 'tag'
      ? `whatever is tagged ${selector} is never answered again and expires by itself`
      : `${deleted} ${deleted === 1 ? 'entry' : 'entries'} deleted`,
  ]
  if (results !== null) parts.push(`${voidedText(results)} deleted`)
  if (isLeft) parts.push('kept results of analyses stay: text:* and analysis:* delete them')
  if (!swept)
    parts.push(
      'Redis was away for part of it: what is left there is never answered again and expires by itself',
    )
  if (pending)
    parts.push(
      'the clear log does not answer: the clear holds on this instance and is written as soon as it does',
    )
  return parts.join('; ')
}

function isEverything({ kind, selector }: Selector): boolean {
  return kind === 'pattern' && /^\*+$/.test(selector)
}

function keys(count: number): string {
  return `${count} ${count === 1 ? 'key' : 'keys'}`
}
