// The cache decorator: the engine on this service's PostgreSQL, Redis and configuration, and the lifetime of each category.
import { hostname } from 'node:os'
import fastifyPlugin from 'fastify-plugin'
import { Cache, RedisTier, type Policy } from '../cache/index.ts'
import type { Config } from '../config.ts'
import { ConnectionLog } from '../connection-log.ts'
import { CLEARS_CHANNEL, postgresClearLog, pruneAnnouncements } from '../db/clear-log.ts'
import type { Notifications } from '../db/notifications.ts'
import { PageError } from '../pagination/index.ts'
import { Problem } from '../problems.ts'

/** What answers are about; the first part of their keys, and what a lifetime is set for. */
export type Category =
  'volume' | 'score' | 'media' | 'reference' | 'overview' | 'simplified' | 'text' | 'analysis'

declare module 'fastify' {
  interface FastifyInstance {
    cache: Cache
    cachePolicies: Record<Category, Policy>
    /** Calls back soon after the clear log has something new, and whenever it may have. */
    onChanges(listener: () => void): void
  }
}

/** Where nothing changes there is nothing to prune. */
const PRUNE_AFTER_MS = 3_600_000

export default fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const policies: Record<Category, Policy> = {
      volume: { ttlSeconds: config.CACHE_TTL_VOLUME },
      score: { ttlSeconds: config.CACHE_TTL_SCORE },
      media: { ttlSeconds: config.CACHE_TTL_MEDIA },
      reference: { ttlSeconds: config.CACHE_TTL_REFERENCE },
      overview: { ttlSeconds: config.CACHE_TTL_OVERVIEW },
      simplified: { ttlSeconds: config.CACHE_DEFAULT_TTL },
      text: { ttlSeconds: config.CACHE_TTL_ANALYSIS },
      analysis: { ttlSeconds: config.CACHE_TTL_ANALYSIS },
    }
    const longestTtlSeconds = Math.max(...Object.values(policies).map((policy) => policy.ttlSeconds))
    const { time } = app
    const log = postgresClearLog(app.database.pool, undefined, time)
    const listeners: (() => void)[] = []
    const tellOfChanges = (): void => listeners.forEach((listener) => listener())
    const connection = new ConnectionLog(app.log, {
      server: 'PostgreSQL',
      fields: {},
      meanwhile: 'answers come from what is cached, marked STALE',
      isConnected: true,
    })
    const cache = await Cache.open({
      onLogLost: (error) => connection.away(error instanceof Error ? error.message : String(error)),
      onLogBack: () => connection.connected(),
      log: {
        ...log,
        // Where the connection that listens is dead and nobody knows it yet, requests bring the news.
        read: async (...asked) => {
          const reading = await log.read(...asked)
          if (reading !== null && reading.clears.length > 0) tellOfChanges()
          return reading
        },
      },
      redis:
        app.redisGuard === null ? null : new RedisTier(app.redis, app.redisGuard, config.CACHE_PREFIX, time),
      memoryMaxBytes: config.CACHE_MEMORY_MAX_MB * 1024 * 1024,
      entryMaxBytes: config.CACHE_ENTRY_MAX_KB * 1024,
      staleSeconds: config.CACHE_STALE_SECONDS,
      absentSeconds: config.CACHE_TTL_NOT_FOUND,
      longestTtlSeconds,
      name: `${hostname()}/${process.pid}`,
      categories: Object.keys(policies),
      time,
      onWarning: (message, error) => app.log.warn({ err: error }, message),
      isAnswer: (error) => error instanceof PageError || (error instanceof Problem && error.statusCode < 500),
    })
    app.decorate('cache', cache)
    app.decorate('cachePolicies', policies)
    // Clears are applied without it as well, by the next renewal; it spares whoever clears the wait for an instance that nobody asks anything.
    // Not before all is built: reading the log takes several round trips, and PostgreSQL ends a reader that is idle in between for half a second.
    let notifications: Notifications | null = null
    app.addHook('onListen', (done) => {
      notifications = app.database.listen(CLEARS_CHANNEL, () => {
        cache.catchUp()
        tellOfChanges()
      })
      done()
    })
    app.decorate('onChanges', (listener: () => void) => void listeners.push(listener))
    let prunedAt = -Infinity
    let isClosed = false
    app.onChanges(() => {
      if (time.clock() - prunedAt < PRUNE_AFTER_MS) return
      prunedAt = time.clock()
      pruneAnnouncements(app.database.background, longestTtlSeconds + config.CACHE_STALE_SECONDS).catch(
        (error: unknown) =>
          isClosed || app.log.warn({ err: error }, 'old announcements stay in the clear log'),
      )
    })
    app.addHook('onClose', async () => {
      isClosed = true
      await Promise.all([notifications?.close(), cache.close()])
    })
  },
  { name: 'cache', dependencies: ['time', 'database', 'redis'] },
)
