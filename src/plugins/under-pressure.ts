// Refuses requests while the process cannot keep up, so that those it takes are still answered in time.
import underPressure from '@fastify/under-pressure'
import fastifyPlugin from 'fastify-plugin'
import type { Config } from '../config.ts'
import { Problem } from '../problems.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether a limit is passed; looked at once a second. */
    isOverloaded(): boolean
  }
  interface FastifyContextConfig {
    /** The route is answered however busy the process is: whoever asks decides by it. */
    evenOverloaded?: boolean
  }
}

const SAMPLE_INTERVAL_MS = 1000
const MIB = 1024 * 1024

export default fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const limits = {
      maxEventLoopDelay: config.PRESSURE_MAX_EVENT_LOOP_DELAY_MS,
      maxHeapUsedBytes: config.PRESSURE_MAX_HEAP_MB * MIB,
      maxRssBytes: config.PRESSURE_MAX_RSS_MB * MIB,
    }
    if (Object.values(limits).every((limit) => limit === 0)) {
      app.decorate('isOverloaded', () => false)
      return
    }
    let gauge: Gauge | undefined
    // In a context without routes: its hook would have Fastify put together `routeOptions` for every request, even an idle service's.
    // No health check: it is awaited at boot, one that hangs freezes the verdict, and Redis and PostgreSQL are no reason to refuse.
    await app.register(async (measuring) => {
      await measuring.register(underPressure, { ...limits, sampleInterval: SAMPLE_INTERVAL_MS })
      gauge = measuring
    })
    const isOverloaded = (): boolean => gauge?.isUnderPressure() === true
    app.decorate('isOverloaded', isOverloaded)
    app.addHook('onRequest', (request, _reply, next) => {
      if (isOverloaded() && request.routeOptions.config.evenOverloaded !== true) next(refusal(gauge))
      else next()
    })
  },
  { name: 'under-pressure' },
)

interface Gauge {
  isUnderPressure(): boolean
  memoryUsage(): { eventLoopDelay: number; heapUsed: number; rssBytes: number }
}

/** The figures are for the log. */
function refusal(gauge: Gauge | undefined): Problem {
  const problem = new Problem('overloaded', 'the service has more to do than it can; try again shortly')
  const { eventLoopDelay = 0, heapUsed = 0, rssBytes = 0 } = gauge?.memoryUsage() ?? {}
  problem.cause = new Error(
    `event loop delay ${Math.round(eventLoopDelay)} ms, heap ${Math.round(heapUsed / MIB)} MiB, resident ${Math.round(rssBytes / MIB)} MiB`,
  )
  return problem
}
