// Keeps what is asked for most in memory: loaded anew when data or a clear expired it, and at the start of an instance, before anybody asks.
import fastifyPlugin from 'fastify-plugin'
import type { HotKey } from '../cache/index.ts'
import type { Config } from '../config.ts'
import { readHotUrls, saveHotUrls } from '../db/hot-urls.ts'
import { askOwnRoute } from '../http/own-request.ts'
import { within } from '../time/time.ts'
import { Warmer } from '../warming/warmer.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Has loaded what was asked for most lately, by whatever instance; resolves when that is done, or after a limit, and it goes on. */
    warmUp(limitMs: number): Promise<void>
    /** Loads made so far for nobody's request, and those of them that failed. */
    warmed: Readonly<{ warmed: number; failed: number }>
  }
}

/** Of what is asked for less often, one answer is asked for before the next change, if that. */
const LEAST_PER_MINUTE = 0.5
/** A start hardly needs it to be newer. */
const SAVE_AFTER_MS = 60_000
const SAVE_LIMIT_MS = 500

export default fastifyPlugin<{ config: Config }>(
  (app, { config }, done) => {
    const { cache, database, time } = app
    const most = cache.hasMemory ? config.CACHE_WARM_KEYS : 0
    const hottest = (): HotKey[] =>
      cache.hottest(most).filter(({ steadyPerMinute }) => steadyPerMinute >= LEAST_PER_MINUTE)
    const warmer = new Warmer({
      hottest,
      isFresh: (key) => cache.isFresh(key),
      ask: async (url) => {
        const status = await askOwnRoute(app, url)
        if (status === 204) return 'warmed'
        // An address of an earlier release, perhaps.
        return status < 500 ? 'refused' : 'failed'
      },
      isBusy: () => database.usage().waiting > 0 || app.isOverloaded(),
      time,
    })
    app.decorate('warmed', warmer.counts)
    app.decorate('warmUp', async (limitMs: number) => {
      if (most > 0) await within(time, limitMs, warmUp())
    })
    async function warmUp(): Promise<void> {
      try {
        const began = time.clock()
        const keys = await warmer.load(await readHotUrls(database, most))
        if (keys > 0) app.log.info({ keys, ms: Math.round(time.clock() - began) }, 'cache warmed')
      } catch (error) {
        app.log.warn({ err: error }, 'cache not warmed: what was asked for most cannot be read')
      }
    }
    async function save(): Promise<void> {
      const urls = hottest().map(({ recipe, steadyPerMinute }) => ({
        url: recipe,
        perMinute: steadyPerMinute,
      }))
      // Without PostgreSQL a start has more to miss than this.
      if (urls.length > 0) await saveHotUrls(database, urls).catch(() => undefined)
    }

    if (most > 0) {
      cache.onChange(() => warmer.wake())
      let savedAt = time.clock()
      cache.onUse(() => {
        if (time.clock() - savedAt < SAVE_AFTER_MS) return
        savedAt = time.clock()
        void save()
      })
      app.addHook('onClose', async () => {
        await within(time, SAVE_LIMIT_MS, Promise.all([warmer.close(), save()]))
      })
    }
    done()
  },
  {
    name: 'warming',
    dependencies: ['time', 'access', 'cache', 'database', 'request-counts', 'under-pressure'],
  },
)
