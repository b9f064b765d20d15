// The time decorator: the clock that plugins and routes decide by, which a test may move.
import fastifyPlugin from 'fastify-plugin'
import type { Time } from '../time/time.ts'

declare module 'fastify' {
  interface FastifyInstance {
    time: Time
  }
}

export default fastifyPlugin<{ time: Time }>(
  (app, { time }, done) => {
    app.decorate('time', time)
    done()
  },
  { name: 'time' },
)
