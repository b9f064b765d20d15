// Counts the answers of each route by status. Hits in front of the framework count themselves, in the same places.
import fastifyPlugin from 'fastify-plugin'
import { isOwnRequest } from '../http/own-request.ts'
import { RequestCounts, type RouteCounts } from '../http/request-counts.ts'

declare module 'fastify' {
  interface FastifyInstance {
    requestCounts: RequestCounts
  }
  interface FastifyContextConfig {
    /** Of the route; none where no route was found. */
    counts?: RouteCounts
  }
}

export default fastifyPlugin(
  (app, _options, done) => {
    const requests = new RequestCounts()
    app.decorate('requestCounts', requests)
    app.addHook('onRoute', (route) => {
      const isData = route.config?.access === 'read'
      route.config = {
        ...route.config,
        counts: requests.add([route.method].flat().join(), route.url, isData),
      }
    })
    app.addHook('onResponse', (request, reply, next) => {
      const { counts = requests.none } = request.routeOptions.config
      if (!isOwnRequest(request)) counts.count(reply.statusCode)
      next()
    })
    done()
  },
  { name: 'request-counts' },
)
