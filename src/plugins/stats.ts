// The stats decorator: what is counted here, in the last minutes and by the fleet, and what analyses cost.
import { hostname } from 'node:os'
import fastifyPlugin from 'fastify-plugin'
import type { Config } from '../config.ts'
import { AnalysisFigures } from '../stats/analyses.ts'
import { Fleet } from '../stats/fleet.ts'
import { Ledger } from '../stats/ledger.ts'
import { Poll } from '../stats/poll.ts'
import { takeTotals } from '../stats/totals.ts'

declare module 'fastify' {
  interface FastifyInstance {
    stats: { ledger: Ledger; poll: Poll; analyses: AnalysisFigures }
  }
}

export default fastifyPlugin<{ config: Config }>(
  (app, { config }, done) => {
    const { cache, database, requestCounts, redisCommands, redisGuard, time, analyses, analysers } = app
    const take = () => takeTotals(cache.count, requestCounts.data, redisCommands.sent)
    const ledger = new Ledger(new Fleet(database, time), take, time)
    const figures = new AnalysisFigures(database, time)
    cache.onUse(() => ledger.use())
    const poll = new Poll({
      cache,
      ledger,
      guard: redisGuard,
      instance: `${hostname()}/${process.pid}`,
      memoryMaxBytes: config.CACHE_MEMORY_MAX_MB * 1024 * 1024,
      loadCost: config.CACHE_LOAD_COST ?? null,
      analyses: { figures, analysers, usage: () => analyses.usage },
      time,
    })
    app.decorate('stats', { ledger, poll, analyses: figures })
    app.addHook('onClose', () => ledger.close())
    done()
  },
  { name: 'stats', dependencies: ['time', 'cache', 'database', 'redis', 'request-counts', 'analyses'] },
)
