// The ops routes: the cache's figures, clearing it, what was cleared, and what is stored of a key.
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../../config.ts'
import { clearRoutes } from './clear.ts'
import { clearsRoutes } from './clears.ts'
import { entryRoutes } from './entries.ts'
import { statsRoutes } from './stats.ts'

export const cacheRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  app.register(statsRoutes)
  app.register(clearRoutes)
  app.register(clearsRoutes, { config })
  app.register(entryRoutes)
  done()
}
