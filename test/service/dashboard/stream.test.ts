// The events behind the page: who may watch, how many, what it costs, and how it ends.
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { Broadcast } from '../../../src/routes/dashboard/broadcast.ts'
import type { History, Sample } from '../../../src/routes/dashboard/messages.ts'
import { until } from '../../support/until.ts'
import { EVENTS, watch } from '../../support/dashboard-events.ts'
import { isProblem, send } from '../../support/http.ts'
import { manualTime } from '../../support/manual-time.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { ROOT } from '../../support/root.ts'
import { sharedRedis } from '../../support/redis.ts'
import { SYSTEM_TIME } from '../../../src/time/time.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'

const EVERY_MS = 2000
const postgres = await sharedPostgres(t)
const DATABASE_URL = await createDatabase(postgres)

t.test('history first, then samples with figures, for as many as may watch', async (t) => {
  const redis = await sharedRedis(t)
  const settings = { DATABASE_URL, REDIS_URL: redis.url, DASHBOARD_MAX_CLIENTS: '2' }
  const time = manualTime()
  const service = await startService(t, settings, time)
  /** When the next sample is due, until one of which something holds. */
  const sampleWith = async (holds: (sample: Sample) => boolean): Promise<Sample> => {
    for (;;) {
      await time.advance(EVERY_MS)
      const { data } = await first.next<Sample>()
      if (holds(data)) return data
    }
  }
  const first = await watch(t, service.url)
  t.match(first.headers, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
  t.match(first.headers, { 'x-request-id': /./, 'x-content-type-options': 'nosniff' })
  t.match(await first.next<History>(), { name: 'history', data: { everyMs: 2000, points: [] } })
  t.match(await first.next(), {
    name: 'sample',
    data: { point: { requests: null, isRedisAway: false }, stats: { status: 'connected' } },
  })
  t.match((await sampleWith(() => true)).lists, { clears: [], instances: [{ behind: 0 }] })
  for (let days = 7; days < 17; days++) await send(service, `/api/v1/media/latest?limit=${days}`)
  const { point, stats } = await sampleWith(({ point }) => (point.fleetRequests ?? 0) > 0)
  t.ok(point.requests! > 0, 'requests a second')
  t.equal(point.hitRate, 0)
  t.ok(stats.misses <= 10)

  const second = await watch(t, service.url)
  t.ok((await second.next<History>()).data.points.length >= 2, 'who comes later has what was sampled')
  t.match(await second.next(), { name: 'sample' }, 'and the newest at once')
  const both = await sampleWith(() => true)
  t.strictSame((await second.next<Sample>()).data, both, 'one sample for both')

  const third = await send(service, EVENTS)
  isProblem(t, third, 'dashboard_busy')
  t.equal(third.headers['retry-after'], '10')
  first.end()
  await until(
    'a place',
    async () => (await send(service, EVENTS, { method: 'HEAD' })).status,
    (is) => is === 200,
  )
  t.match(await (await watch(t, service.url)).next(), { name: 'history' })
})

t.test('who does not read is cut off, and the others go on', async (t) => {
  const text = 'x'.repeat(500_000)
  const { url, broadcast, dropped } = await serve(t, {
    take: () => Promise.resolve({ text }),
    keep: 0,
  })
  const reader = await watch(t, url)
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined)
  socket.pause().write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await until(
    'both watch',
    () => broadcast.clients,
    (clients) => clients === 2,
  )
  while (dropped.length === 0) await reader.next()
  await until(
    'it is gone',
    () => broadcast.clients,
    (clients) => clients === 1,
  )
  for (let samples = 0; samples < 3; samples++) t.match(await reader.next(), { name: 'sample' })
  t.equal(dropped.length, 1)
  socket.destroy()
})

t.test('SIGTERM with streams open: they end, and the service with them', async (t) => {
  const service = await startServiceProcess(t, { DATABASE_URL })
  const streams = await Promise.all([1, 2, 3].map(() => watch(t, service.url)))
  for (const stream of streams) await stream.next()
  const begun = performance.now()
  t.equal(await service.end('SIGTERM'), 0)
  const took = performance.now() - begun
  t.ok(took < 5000, `soon: ${Math.round(took)} ms`)
  for (const stream of streams) t.ok(await stream.ended, 'ended, not cut off')
  t.notMatch(service.lines.join('\n'), /cut off/)
})

t.test('the files of the page: all of them, with a tag, and with headers that keep others out', async (t) => {
  const service = await startService(t, { DATABASE_URL })
  const folder = await readdir(path.join(ROOT, 'src/routes/dashboard/page'))
  const names = folder.filter((name) => !/^index\.html$|\.json$/.test(name)).map((name) => `/${name}`)
  for (const name of ['', '/uplot.js', '/uplot.css', ...names]) {
    const { status, headers, body } = await send(service, `/dashboard${name}`)
    t.equal(status, 200, name)
    t.match(headers['content-type'], /^(text\/(html|css|javascript); charset=utf-8|image\/svg\+xml)$/)
    t.match(headers['content-security-policy'], /default-src 'self'/)
    t.notMatch(body, /(src|href)="https?:/)
    const again = await send(service, `/dashboard${name}`, {
      headers: { 'if-none-match': String(headers.etag) },
    })
    t.strictSame([again.status, again.body], [304, ''])
  }
  isProblem(t, await send(service, '/dashboard/nothing'), 'route_not_found')
})

t.test('a sample that fails is told of, and the next one is taken all the same', async (t) => {
  let taken = 0
  const take = (): Promise<object> => {
    taken += 1
    return taken === 1 ? Promise.reject(new Error('no figures')) : Promise.resolve({ taken })
  }
  const { url, failures } = await serve(t, { take })
  const watching = await watch(t, url)
  t.match(await watching.next(), { name: 'history' })
  t.match(await watching.next(), { name: 'sample', data: { taken: 2 } })
  t.match(failures, [{ message: 'no figures' }])
})

/** A broadcast of its own, quicker than that of the service. */
async function serve(
  t: Test,
  { take = () => Promise.resolve({}), keep = 100 }: { take?: () => Promise<object>; keep?: number },
) {
  const dropped: number[] = []
  const failures: unknown[] = []
  const broadcast = new Broadcast<object, number>({
    take,
    pointOf: () => 1,
    everyMs: 5,
    keep,
    maxClients: 5,
    maxBacklogBytes: 1_000_000,
    onDropped: () => dropped.push(1),
    onFailure: (error) => failures.push(error),
    time: SYSTEM_TIME,
  })
  const server = createServer((_request, response: ServerResponse) => {
    response.writeHead(200)
    broadcast.add(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    broadcast.close()
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, broadcast, dropped, failures }
}
