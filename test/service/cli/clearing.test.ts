// `clear`: the running service clears, or the clear log keeps it, or the exit code says that neither happened. After a load nobody has to.
import t from 'tap'
import { until } from '../../support/until.ts'
import { article, ndjson, startLoadingDatabase } from '../../support/loading.ts'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { startService } from '../../support/service.ts'
import { runCommand, startClearServer } from '../../support/commands.ts'

const database = await startLoadingDatabase(t)
const { server, pool } = database
const DATABASE_URL = server.url
/** As it is named to people. */
const DATABASE = DATABASE_URL.replace(/^.*@/, '')
t.beforeEach(() => database.empty())

const CLEARED = JSON.stringify({ success: true, deleted: 7, message: '7 entries deleted', pending: false })
const clear = (environment: Record<string, string>, ...options: string[]) =>
  runCommand(t, ['clear', 'media:*', '--no-json', ...options], { DATABASE_URL, ...environment })
const logged = async () => [
  ...(await pool`select kind, selector, soft, actor from cache_clears order by seq`),
]
const noted = (selector: string) => ({ kind: 'pattern', selector, soft: false, actor: 'command line' })

t.test('the running service answers anew after a load, unasked', async (t) => {
  const service = await startService(t, { DATABASE_URL })
  const titles = async () => {
    const answer = (await (await service.get('/api/v1/media/latest')).json()) as { data: { title: string }[] }
    return answer.data.map(({ title }) => title)
  }
  t.strictSame(await titles(), [])
  const result = await runCommand(t, ['load', 'articles', '-'], { DATABASE_URL }, ndjson([article(1)]))
  t.match(result, { code: 0, stderr: '' })
  await until('the article', async () => (await titles()).join() === 'Title 1')
  t.match(await logged(), [{ kind: 'tag', selector: 'source:harbor-wire', soft: true, actor: 'data' }])
})

t.test('the service is asked with the API key, and the count is shown', async (t) => {
  const clearing = await startClearServer(t, 200, CLEARED)
  const result = await clear({ BAROMETER_API_KEY: 'secret' }, '--service', `${clearing.url}/base/`)
  t.strictSame(result, { code: 0, stdout: `${clearing.url}/base: 7 entries deleted\n`, stderr: '' })
  t.strictSame(clearing.requests, [
    { method: 'DELETE', url: `/base/cache/clear?pattern=${encodeURIComponent('media:*')}`, key: 'secret' },
  ])
  t.strictSame(await logged(), [], 'the log is for when nobody answers')
})

t.test('where no service answers, the clear is in the clear log', async (t) => {
  const port = String(await freePort())
  const result = await clear({ PORT: port, HOST: '0.0.0.0' })
  t.match(result, { code: 0, stderr: '' })
  const [{ seq } = { seq: 0 }] = await pool<{ seq: number }[]>`select max(seq) as seq from cache_clears`
  const at = `no service at http://127.0.0.1:${port}`
  t.match(
    result.stdout,
    `${at}; written to the clear log of ${DATABASE} as number ${seq}, no instance is running`,
  )
  t.strictSame(await logged(), [noted('media:*')])
  t.match(await runCommand(t, ['clear', 'score:*', '--json'], { DATABASE_URL, PORT: '0' }), {
    code: 0,
    stdout: `${JSON.stringify({
      ...{ by: 'log', service: null, pattern: 'score:*', seq: seq + 1 },
      ...{ instances: { confirmed: [], expired: [] }, pending: false, database: DATABASE },
    })}\n`,
  })
  t.strictSame((await logged()).at(-1), noted('score:*'))
})

t.test('a service that refuses: the reason is said, the exit code is 4', async (t) => {
  const forbidden = JSON.stringify({
    status: 403,
    title: 'Only local',
    detail: 'it comes from another machine',
  })
  const answers: [status: number, body: string, reason: RegExp][] = [
    [403, forbidden, /answered 403: it comes from another machine/],
    [401, '{"title":"An API key is required"}', /answered 401: An API key is required/],
    [500, 'oops', /answered 500\n$/],
    [200, '<html>another program</html>', /answered 200, but not as this service does/],
    [302, '', /redirect/],
  ]
  for (const [status, body, reason] of answers) {
    const clearing = await startClearServer(t, status, body)
    const result = await clear({}, '--service', clearing.url)
    t.match(result, { code: 4, stdout: '', stderr: reason }, String(status))
    t.match(result.stderr, `the service at ${clearing.url}`)
    t.strictSame(await logged(), [])
  }
})

t.test('a clear that is pending elsewhere is said to be', async (t) => {
  const clearing = await startClearServer(
    t,
    202,
    JSON.stringify({ success: true, deleted: 2, pending: true }),
  )
  t.match(await runCommand(t, ['clear', 'media:*', '--service', clearing.url], { DATABASE_URL }), {
    code: 0,
    stdout: /"pending":true/,
  })
})

t.test('neither a service nor a database to note it in: exit code 4', async (t) => {
  const nowhere = `postgres://127.0.0.1:${await freePort()}/x`
  t.match(
    await runCommand(t, ['clear', 'media:*'], { DATABASE_URL: nowhere, PORT: String(await freePort()) }),
    {
      code: 4,
      stdout: '',
      stderr: /^error: no service at .*, and the clear log cannot be written: .*; nothing was cleared\n$/,
    },
  )
})
