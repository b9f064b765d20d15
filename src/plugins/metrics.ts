// The metrics decorator: a registry that reads the service's counters when it is scraped, and what Node itself says of the process.
import fastifyPlugin from 'fastify-plugin'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { addAnalysisMetrics } from '../metrics/analyses.ts'
import {
  addCacheMetrics,
  addDatabaseMetrics,
  addRedisMetrics,
  addRequestMetrics,
  addWarmingMetrics,
} from '../metrics/metrics.ts'
import { refreshFleet } from '../stats/news.ts'
import { within } from '../time/time.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: {
      contentType: string
      /** In Prometheus' text format. */
      scrape(): Promise<string>
    }
  }
}

/** Scrapes never end, and providers bill by command: what Redis and PostgreSQL say of themselves may be as old as that. */
const AGE_MS = 60_000
/** They answer by then, or what they said before has to do. */
const PATIENCE_MS = 50

export default fastifyPlugin<{ config: Config }>(
  (app, { config }, done) => {
    const { cache, database, redisGuard, stats } = app
    const registry = new Registry()
    addRequestMetrics(registry, app.requestCounts)
    addCacheMetrics(registry, cache, config.CACHE_MEMORY_MAX_MB * 1024 * 1024)
    addWarmingMetrics(registry, app.warmed)
    if (redisGuard !== null) addRedisMetrics(registry, cache, redisGuard, app.redisCommands)
    addDatabaseMetrics(registry, database, () => stats.ledger.fleet.lastLoadAt)
    addAnalysisMetrics(registry, {
      analysers: app.analysers,
      calls: () => app.analyses.callCounts,
      usage: () => app.analyses.usage,
      savings: () => app.savings.counts,
      budgets: () => stats.analyses.budgets(app.analysers.values()),
    })
    collectDefaultMetrics({ register: registry })
    app.decorate('metrics', {
      contentType: registry.contentType,
      scrape: async () => {
        const { ledger } = stats
        ledger.note()
        const fleet = refreshFleet({ cache, ledger, time: app.time }, AGE_MS)
        await within(
          app.time,
          PATIENCE_MS,
          Promise.all([cache.state.refresh(AGE_MS, false), fleet, stats.analyses.refresh(AGE_MS)]),
        )
        return registry.metrics()
      },
    })
    done()
  },
  {
    name: 'metrics',
    dependencies: ['time', 'cache', 'database', 'redis', 'request-counts', 'stats', 'warming', 'analyses'],
  },
)
