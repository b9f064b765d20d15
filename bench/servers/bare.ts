// The yardstick: Fastify with one route and nothing else. BARE=bytes answers the bytes of FILE; BARE=redis what Redis holds under the URL, parsed
// and serialised; BARE=hash reads and hashes what is posted and answers the bytes of FILE; BARE=sql runs the statement in FILE and serialises its rows.
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import { openPool } from '../../src/db/client.ts'

const { BARE, FILE = '', REDIS_URL = '', DATABASE_URL = '', POOL_MAX = '10' } = process.env
const { HOST = '127.0.0.1', PORT = '0' } = process.env
const app = fastify()
app.get('/livez', () => ({ status: 'ok' }))

if (BARE === 'bytes') {
  const body = readFileSync(FILE)
  app.get('/*', (_request, reply) => {
    void reply.header('content-type', 'application/json; charset=utf-8').send(body)
  })
} else if (BARE === 'hash') {
  const body = readFileSync(FILE)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, next) => next(null, bytes))
  app.post('/*', (request, reply) => {
    const digest = hash('sha256', request.body as Buffer)
    void reply.headers({ 'content-type': 'application/json; charset=utf-8', etag: digest }).send(body)
  })
} else if (BARE === 'redis') {
  const redis = new Redis(REDIS_URL)
  app.get('/*', async (request) => JSON.parse((await redis.get(request.url)) ?? 'null') as unknown)
} else {
  const { text, parameters, varying } = JSON.parse(readFileSync(FILE, 'utf8')) as {
    text: string
    parameters: (string | number)[]
    /** Index of the parameter that each request gives, as `to`. */
    varying: number[]
  }
  const pool = openPool(DATABASE_URL, { max: Number(POOL_MAX) })
  app.get<{ Querystring: { to: string } }>('/*', async (request) => {
    const values = parameters.map((value, index) => (varying.includes(index) ? request.query.to : value))
    return { data: await pool.unsafe(text, values, { prepare: true }) }
  })
}
process.on('SIGTERM', () => process.exit(0))
await app.listen({ host: HOST, port: Number(PORT) })
