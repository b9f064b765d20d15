// One key under the glass: what memory and Redis have of it, and what that is worth. Never the body.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import type { Inspection } from '../../cache/index.ts'
import { named, problemAnswers } from '../../http/schemas.ts'
import { Problem } from '../../problems.ts'
import { KeyParameter } from './clear-schema.ts'

const seconds = (description: string) =>
  Type.Number({ minimum: 0, description: `${description}, in seconds` })

const EntryAnswer = named(
  'CacheEntry',
  Type.Object({
    key: Type.String(),
    tiers: Type.Array(
      Type.Object({
        tier: Type.Enum(['memory', 'redis']),
        verdict: Type.Enum(['valid', 'expired', 'dead'], {
          description:
            'valid: answered as it is. expired: answered, marked `STALE`, only where a load fails or is slow. dead: never answered again',
        }),
        age_seconds: seconds('Since it was loaded'),
        ttl_seconds: seconds('Left of its lifetime'),
        stale_seconds: seconds('Left, after its lifetime, in which it may stand in for a load that fails'),
        tags: Type.Array(Type.String(), { description: 'What it is made of' }),
        bytes: Type.Integer({ description: 'Of the answer, not compressed' }),
        stored_bytes: Type.Integer({ description: 'Of what is kept of it, in all codings' }),
        codings: Type.Array(Type.Enum(['identity', 'gzip'])),
        etag: Type.String(),
        absent: Type.Boolean({ description: 'Whether it says that there is no such thing (404)' }),
        epoch: Type.String({ description: 'Of the clear log at its load' }),
        position: Type.Integer({ description: 'In the clear log when its load began' }),
      }),
      { description: 'Memory of this instance first' },
    ),
    complete: Type.Boolean({ description: 'false where Redis did not answer, which may have it as well' }),
    judged_by: Type.Object({
      epoch: Type.String(),
      position: Type.Integer({ description: 'Newest clear that this instance knows' }),
      lease: Type.Boolean({
        description: 'false where the clear log does not answer: every entry counts as expired then',
      }),
    }),
  }),
)
type EntryAnswer = Static<typeof EntryAnswer>

export const entryRoutes: FastifyPluginCallbackTypebox = (app, _options, done) => {
  app.get(
    '/cache/entries',
    {
      config: { access: 'stats' },
      schema: {
        tags: ['cache'],
        summary: 'What is stored of one key, without its body',
        description: 'Counts as no look-up and leaves the order in which memory evicts as it is.',
        querystring: Type.Object({ key: KeyParameter }),
        response: { 200: EntryAnswer, ...problemAnswers(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { key } = request.query
      const inspection = await app.cache.inspect(key)
      if (inspection.tiers.length === 0) throw nothingThere(inspection)
      reply.header('cache-control', 'no-store')
      return entryAnswer(key, inspection)
    },
  )
  done()
}

function nothingThere({ complete }: Inspection): Problem {
  return complete
    ? new Problem('unknown_entry', 'neither this instance nor the cache that all share has this key')
    : new Problem(
        'shared_cache_unavailable',
        'this instance does not have the key, and the cache that all share does not answer',
      )
}

function entryAnswer(key: string, { tiers, complete, judgedBy }: Inspection): EntryAnswer {
  return {
    key,
    tiers: tiers.map(
      ({ tier, verdict, ageMs, ttlMs, staleMs, tags, length, storedBytes, codings, ...rest }) => ({
        tier,
        verdict,
        age_seconds: toSeconds(ageMs),
        ttl_seconds: toSeconds(ttlMs),
        stale_seconds: toSeconds(staleMs),
        tags: [...tags],
        bytes: length,
        stored_bytes: storedBytes,
        codings,
        ...rest,
      }),
    ),
    complete,
    judged_by: { epoch: judgedBy.epoch, position: judgedBy.position, lease: judgedBy.hasLease },
  }
}

function toSeconds(ms: number): number {
  return Math.round(ms) / 1000
}
