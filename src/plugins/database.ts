// The database decorator. Whoever builds the app opens the database and closes it after the app.
import fastifyPlugin from 'fastify-plugin'
import type { Database } from '../db/client.ts'

declare module 'fastify' {
  interface FastifyInstance {
    database: Database
  }
}

export default fastifyPlugin<{ database: Database }>(
  (app, { database }, done) => {
    app.decorate('database', database)
    done()
  },
  { name: 'database' },
)
