// HEAD, answered as GET is: the framework's own routes for it say a length of 0 where there is no body, which a 304 or a stream does not have.
import fastifyPlugin from 'fastify-plugin'

export default fastifyPlugin(
  (app, _options, done) => {
    app.addHook('onRoute', (route) => {
      // Node leaves the body out by itself.
      if (route.method === 'HEAD') delete route.onSend
    })
    done()
  },
  { name: 'head' },
)
