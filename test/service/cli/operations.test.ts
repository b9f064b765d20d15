// The commands of whoever runs the service, as processes, against a real one: clear with care, inspect, stats, keys, serve.
import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import t from 'tap'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { program, ROOT } from '../../support/root.ts'
import { renewed } from '../../support/renewed.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { runCommand, startCommand } from '../../support/commands.ts'

const postgres = await sharedPostgres(t)
const DATABASE_URL = await createDatabase(postgres)
const service = await startService(t, { DATABASE_URL })
const there = { DATABASE_URL, BAROMETER_SERVICE: service.url }
const PATH = '/api/v1/media/latest?limit=7'
const KEY = 'media:list:limit=7&order=desc'
const clears = () =>
  service.database
    .pool`select selector, actor, reason, confirmed_by, expired, completed_at from cache_clears order by seq`
const outcome = async () => (await service.get(PATH)).headers.get('x-cache')

t.test('clear --dry-run and --max count on the service; --reason is noted', async (t) => {
  t.equal(await outcome(), 'MISS')
  const dry = await runCommand(t, ['clear', 'media:*', '--dry-run', '--no-json'], there)
  t.match(dry, {
    code: 0,
    stdout: `${service.url}: nothing was cleared; 1 key would be deleted\n  ${KEY}\n`,
    stderr: '',
  })
  t.match(await runCommand(t, ['clear', 'media:*', '--max', '0'], there), {
    code: 4,
    stdout: '',
    stderr:
      /^error: the service at .* answered 409: it would delete 1 key, and max is 0; nothing was cleared\n$/,
  })
  await renewed(service.app.cache)
  t.equal(await outcome(), 'HIT')
  t.equal((await clears()).length, 0)
  const done = await runCommand(t, ['clear', '--key', KEY, '--max', '1', '--reason', 'a wrong title'], there)
  t.match(
    [done.code, JSON.parse(done.stdout)],
    [0, { by: 'service', service: service.url, success: true, deleted: 1, key: KEY, seq: 1 }],
  )
  t.equal(await outcome(), 'MISS')
  t.match(await clears(), [{ selector: KEY, actor: 'loopback', reason: 'a wrong title' }])
})

t.test(
  'where no service answers, a clear waits for those that run elsewhere, and says who applied it',
  async (t) => {
    const nowhere = { DATABASE_URL, PORT: String(await freePort()) }
    t.ok(['MISS', 'HIT'].includes((await outcome()) ?? ''), 'it holds a lease')
    const done = await runCommand(t, ['clear', 'media:*', '--reason', 'by hand', '--no-json'], nowhere)
    t.match(done, {
      code: 0,
      stdout: /written to the clear log of \S+ as number 2, applied by 1 running instance\n$/,
    })
    t.equal(await outcome(), 'MISS')
    t.match((await clears()).at(-1), {
      actor: 'command line',
      reason: 'by hand',
      confirmed_by: [/\//],
      expired: [],
      completed_at: String,
    })
    for (const care of [['--dry-run'], ['--max', '5']])
      t.match(await runCommand(t, ['clear', 'media:*', ...care], nowhere), {
        code: 1,
        stderr: /only a service can count what it would clear; nothing was cleared/,
      })
    t.equal((await clears()).length, 2)
  },
)

t.test('an instance that does not answer is waited for as long as its lease, and named', async (t) => {
  const stopped = await startServiceProcess(t, { DATABASE_URL })
  process.kill(stopped.pid, 'SIGSTOP')
  t.teardown(() => process.kill(stopped.pid, 'SIGCONT'))
  const done = await runCommand(t, ['clear', 'media:*'], { DATABASE_URL, PORT: String(await freePort()) })
  process.kill(stopped.pid, 'SIGCONT')
  const { instances } = JSON.parse(done.stdout) as { instances: { confirmed: string[]; expired: string[] } }
  t.match(instances, { confirmed: [/\//], expired: [new RegExp(`/${stopped.pid}$`)] })
})

t.test('inspect shows an entry and not its body, and says where there is none', async (t) => {
  await service.get(PATH)
  // A command takes longer to start than a lease lasts.
  const held = setInterval(() => {
    service.app.cache.catchUp()
  }, 200)
  const shown = await runCommand(t, ['inspect', KEY], there).finally(() => clearInterval(held))
  t.match(
    [shown.code, JSON.parse(shown.stdout)],
    [
      0,
      { key: KEY, tiers: [{ tier: 'memory', verdict: 'valid', tags: Array, bytes: Number }], complete: true },
    ],
  )
  t.notMatch(shown.stdout, '"data"')
  t.match(await runCommand(t, ['inspect', 'media:nothing'], there), {
    code: 1,
    stdout: '',
    stderr: /answered 404: neither this instance/,
  })
})

t.test('stats once, and again and again until interrupted', async (t) => {
  const once = await runCommand(t, ['stats', '--no-json'], there)
  t.match(once, { code: 0, stdout: /: No Redis is configured; [^]*\nmemory_cache_size +\d/ })
  const watching = startCommand(t, ['stats', '--watch', '0.2'], there)
  await watching.printed(3)
  watching.signal('SIGINT')
  const { code, stdout } = await watching.ended
  t.equal(code, 0)
  for (const line of stdout.trimEnd().split('\n')) t.match(JSON.parse(line), { success: true, cache: Object })
  t.match(await runCommand(t, ['stats'], { DATABASE_URL, PORT: String(await freePort()) }), {
    code: 1,
    stderr: /^error: no service at .*; start it, or name another with --service\n$/,
  })
})

t.test('a key that keys new makes is one that the service takes', async (t) => {
  const made = await runCommand(t, ['keys', 'new', 'deploy', '--scopes', 'stats+ops'], {})
  const { key, entry } = JSON.parse(made.stdout) as { key: string; entry: string }
  t.equal(Buffer.from(key, 'base64url').length, 32)
  t.equal(entry, `deploy:stats+ops:${createHash('sha256').update(key).digest('hex')}`)
  const keyed = await startService(t, { DATABASE_URL, API_KEYS: entry })
  const at = { DATABASE_URL, BAROMETER_SERVICE: keyed.url }
  t.match(await runCommand(t, ['stats'], at), { code: 1, stderr: /answered 401: .*BAROMETER_API_KEY/ })
  t.match(await runCommand(t, ['clear', 'media:*'], { ...at, BAROMETER_API_KEY: key }), { code: 0 })
  t.match((await clears()).at(-1), { actor: 'deploy' })
  t.match(await runCommand(t, ['keys', 'new', 'deploy', '--scopes', 'ops'], { API_KEYS: entry }), {
    code: 2,
    stderr: /API_KEYS has a deploy already/,
  })
})

t.test('on a terminal it asks, and clears only on yes', async (t) => {
  const atTerminal = async (answer: string): Promise<{ code: number | null; text: string }> => {
    const command = `${process.execPath} ${program('src/cli/index').join(' ')} clear '*'`
    const { PATH: path = '', HOME = '' } = process.env
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: ROOT,
      env: { PATH: path, HOME, ...there, NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let text = ''
    let isAsked = false
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (isAsked || !text.includes('[y/N]')) return
      isAsked = true
      child.stdin.write(`${answer}\n`)
    })
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })))
  }
  await service.get(PATH)
  const before = (await clears()).length
  t.match(await atTerminal('n'), {
    code: 1,
    text: /Clear EVERYTHING\? \(\d+ keys?: .*\) \[y\/N\][^]*nothing was cleared/,
  })
  t.equal((await clears()).length, before)
  t.match(await atTerminal('y'), {
    code: 0,
    text: /entr(y|ies) deleted\s+number \d+ in the clear log; applied by \d/,
  })
  t.equal((await clears()).length, before + 1)
})

t.test('serve is the service', async (t) => {
  const served = await startServiceProcess(t, { DATABASE_URL }, [
    process.execPath,
    ...program('src/cli/index'),
    'serve',
  ])
  t.equal((await served.get('/readyz')).status, 200)
  t.equal(await served.end('SIGTERM'), 0)
})
