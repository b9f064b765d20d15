// A process that cannot keep up: refuses with a problem, still says that it lives, and takes requests again by itself.
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { isProblem, send, type RawAnswer } from '../../support/http.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const LIST = '/api/v1/media/latest'
const BLOCKED_MS = 250
const WAIT_LIMIT_MS = 15_000

/** Keeps the event loop of this process, which is the service's, busy until the returned function is called. */
function blockEventLoop(): () => void {
  let blocking = true
  const block = (): void => {
    const until = performance.now() + BLOCKED_MS
    while (performance.now() < until);
    if (blocking) setImmediate(block)
  }
  block()
  return () => (blocking = false)
}

async function untilStatus(service: TestService, path: string, status: number): Promise<RawAnswer> {
  const deadline = performance.now() + WAIT_LIMIT_MS
  for (;;) {
    const answer = await send(service, path)
    if (answer.status === status) return answer
    if (performance.now() > deadline)
      throw new Error(`${path} still answers ${answer.status}: ${answer.body}`)
  }
}

t.test('a blocked event loop', async (t) => {
  const service = await startService(t, { DATABASE_URL, PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '150' })
  const patient = await startService(t, { DATABASE_URL, PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0' })
  t.equal((await untilStatus(service, '/readyz', 200)).status, 200)
  const unblock = blockEventLoop()
  t.teardown(unblock)
  isProblem(t, await untilStatus(service, LIST, 503), 'overloaded')
  const before = await service.app.cache.stats()
  const refused = await send(service, LIST, { headers: { 'x-request-id': 'trace-9' } })
  isProblem(t, refused, 'overloaded')
  t.match(refused.headers['retry-after'], /^[1-9]\d*$/)
  isProblem(t, await send(service, '/cache/clear', { method: 'DELETE' }), 'overloaded')
  const { misses, memory_cache_size } = await service.app.cache.stats()
  t.strictSame([misses, memory_cache_size], [before.misses, before.memory_cache_size], 'nothing is looked up')

  t.equal((await send(service, '/livez')).status, 200, 'the process lives')
  const ready = await send(service, '/readyz')
  t.strictSame([ready.status, ready.body], [503, '{"status":"overloaded"}'])
  t.equal((await send(patient, LIST)).status, 200, 'without a limit it is answered all the same')
  t.equal((await send(patient, '/readyz')).status, 200)

  unblock()
  await untilStatus(service, '/readyz', 200)
  t.equal((await send(service, LIST)).status, 200, 'and over by itself')
  t.match(
    service.log.find((line) => line.level === 50),
    { reqId: /./, msg: /more to do/, err: { message: /event loop delay \d+ ms, heap \d+ MiB/, stack: /\n/ } },
    'the log has the figures',
  )
})

for (const name of ['PRESSURE_MAX_HEAP_MB', 'PRESSURE_MAX_RSS_MB']) {
  t.test(name, async (t) => {
    const limits = { PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0', [name]: '1' }
    // Started first, so that it has looked at its memory by the time the other has.
    const roomy = await startService(t, { DATABASE_URL, ...limits, [name]: '100000' })
    const service = await startService(t, { DATABASE_URL, ...limits })
    await untilStatus(service, '/readyz', 503)
    isProblem(t, await send(service, LIST), 'overloaded')
    t.equal((await send(service, '/livez')).status, 200)
    t.equal((await send(roomy, LIST)).status, 200, 'below the limit')
  })
}
