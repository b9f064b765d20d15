// A stop by signal: nothing that was asked is lost, the exit code is 0, and neither load nor idle connections draw it out.
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess, type ServiceProcess } from '../../support/processes.ts'
import { program, ROOT } from '../../support/root.ts'
import { createDatabase } from '../../support/databases.ts'
import { startLoad } from '../../support/keep-alive-load.ts'

const postgres = await sharedPostgres(t)
const DATABASE_URL = await createDatabase(postgres)
const STOP_LIMIT_MS = 10_000
const LIST = '/api/v1/media/latest'

/** Ends the service by a signal and asserts the exit code and that it took no longer than a stop may. */
async function stops(t: Test, service: ServiceProcess): Promise<number> {
  const started = performance.now()
  t.equal(await service.end('SIGTERM'), 0, 'exit code')
  const took = performance.now() - started
  t.ok(took < STOP_LIMIT_MS, `within ${STOP_LIMIT_MS} ms: ${Math.round(took)}`)
  return took
}

t.test('under load no request is lost, and connections are told', async (t) => {
  // Longer than this process is ever held up: whoever asks nothing while it lasts is taken for idle.
  const service = await startServiceProcess(t, { DATABASE_URL, STOP_DRAIN_MS: '3000' })
  const paths = [LIST, `${LIST}?limit=3`, '/livez', '/api/v1/volume', `${LIST}?offset=0`, '/openapi.json']
  const load = startLoad(service.url, 60, paths)
  await load.answered(500)
  await stops(t, service)
  const { answers, lost, announced, endedIdle } = await load.finished
  t.strictSame(lost, [])
  t.strictSame(Object.keys(answers).sort(), ['200', '404'], 'each was answered as ever')
  t.ok(answers[200]! > 400, 'under load')
  t.strictSame([announced, endedIdle], [60, 0], 'every connection was told that it ends')
})

t.test('connections that ask nothing do not hold a stop up', async (t) => {
  const service = await startServiceProcess(t, { DATABASE_URL })
  let asking = true
  const idle = startLoad(service.url, 5, ['/livez'], () => asking)
  const silent = startLoad(service.url, 5, [null])
  await idle.answered(20)
  asking = false
  const slow = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(slow, 'connect')
  const took = await stops(t, service)
  t.ok(took < 3000, `soon: ${Math.round(took)} ms`)
  t.strictSame((await idle.finished).lost, [])
  t.strictSame((await silent.finished).lost, [])
})

t.test('a request that never becomes whole is cut off', async (t) => {
  const service = await startServiceProcess(t, { DATABASE_URL })
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  socket.write('POST /api/admin/cache/clear HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n')
  socket.on('error', () => undefined).resume()
  await once(socket, 'connect')
  t.equal((await service.get('/livez')).status, 200)
  await stops(t, service)
  t.match(service.lines.join('\n'), /connections still busy are cut off/)
})

t.test('while it stops it is not ready, and still takes requests', async (t) => {
  const service = await startServiceProcess(t, { DATABASE_URL, STOP_DRAIN_MS: '3000' })
  const exited = service.end('SIGTERM')
  let status = 0
  while (status !== 503) status = (await service.get('/readyz')).status
  const answer = await service.get(LIST)
  t.strictSame([answer.status, answer.headers.get('connection')], [200, 'close'])
  t.equal(await exited, 0)
  await t.rejects(service.get('/livez'), 'the listener is closed')
})

t.test('a second signal ends it at once', async (t) => {
  for (const second of ['SIGTERM', 'SIGINT'] as const) {
    const service = await startServiceProcess(t, { DATABASE_URL, STOP_DRAIN_MS: '5000' })
    const exited = service.end('SIGTERM')
    while ((await service.get('/readyz')).status !== 503);
    // The same one, right away, would be the echo of the first.
    if (second === 'SIGTERM') await new Promise((resolve) => setTimeout(resolve, 600))
    const sent = performance.now()
    process.kill(service.pid, second)
    t.equal(await exited, 1, second)
    t.ok(performance.now() - sent < 2500, 'at once')
  }
})

t.test('Ctrl-C under npm, which hands on what the terminal signals to both, is one signal', async (t) => {
  const npm = spawn('npm', ['exec', '-c', `exec node ${program('src/server').join(' ')}`], {
    ...spawnOptions({ STOP_DRAIN_MS: '3000' }),
    detached: true,
  })
  const url = await new Promise<string>((resolve) => {
    createInterface({ input: npm.stdout }).on('line', (line) => {
      const address = /listening on (\S+),/.exec(line)?.[1]
      if (address !== undefined) resolve(address)
    })
  })
  const exited = once(npm, 'exit') as Promise<[number | null, string | null]>
  // To the whole group, as a terminal does.
  process.kill(-npm.pid!, 'SIGINT')
  let status = 0
  while (status !== 503) status = (await fetch(`${url}/readyz`)).status
  t.equal((await fetch(url + LIST)).status, 200, 'goes on with its stop')
  t.strictSame(await exited, [0, null])
})

function spawnOptions(environment: Record<string, string>) {
  const { PATH = '', HOME = '' } = process.env
  return {
    cwd: ROOT,
    env: { PATH, HOME, DATABASE_URL, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'],
  }
}
