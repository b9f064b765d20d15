// `doctor` against real servers, each in the state that it has to find, and against nothing but what is well.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { program } from '../../support/root.ts'
import { runDoctor } from '../../../src/cli/doctor/index.ts'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startRedis, startRedisCluster } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { runCommand } from '../../support/commands.ts'
import { DOCUMENTED_RIGHTS } from '../../support/documented-rights.ts'

interface Finding {
  check: string
  level: string
  says: string
  advice?: string
  steps?: { step: string; result: string; ms: number }[]
}

/** A round trip that takes half of it is worth a warning, which a busy machine would earn. */
const PATIENT = { REDIS_COMMAND_TIMEOUT_MS: '5000' }
const LIMITED = ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru']
const postgres = await startPostgres(t, ['fsync=on'])
const database = await createDatabase(postgres)
const PORT = String(await freePort())
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

interface Examined {
  code: number | null
  findings: Finding[]
  of: (check: string) => Finding | undefined
}

/** In this process: a start of the command costs more than all it looks at. */
async function examine(environment: Record<string, string>): Promise<Examined> {
  let findings: Finding[] = []
  const code = await runDoctor({ DATABASE_URL: database, PORT, ...environment }, undefined, (value) => {
    findings = (value as { findings: Finding[] }).findings
  })
  return { code, findings, of: (check) => findings.find((finding) => finding.check === check) }
}

t.test(
  'where all is well it says so, with the round trip step by step, and leaves nothing behind',
  async (t) => {
    const redis = await startRedis(t, { args: LIMITED })
    const key = 'a'.repeat(20) + 'b'.repeat(23)
    const environment = {
      REDIS_URL: redis.url,
      ...PATIENT,
      API_KEYS: `ops:ops+stats:${sha256(key)}`,
      BAROMETER_API_KEY: key,
    }
    const service = await startService(t, { DATABASE_URL: database, ...environment })
    const { code, findings, of } = await examine({ ...environment, PORT: new URL(service.url).port })
    t.strictSame(
      findings.filter(({ level }) => level !== 'ok' && level !== 'note'),
      [],
    )
    t.equal(code, 0)
    t.match(of('redis round trip')?.steps, [
      { step: 'ping', result: 'PONG' },
      { step: 'set', result: 'OK' },
      { step: 'get', result: 'barometer doctor' },
    ])
    t.match(
      of('redis round trip')
        ?.steps?.map(({ step }) => step)
        .join(' '),
      /exists scan unlink get del/,
    )
    for (const check of [
      'versions',
      'pooler',
      'migrations',
      'postgresql clock',
      'redis clock',
      'redis rights',
      'service access',
    ])
      t.equal(of(check)?.level, 'ok', check)
    t.strictSame(await redis.client.keys('*doctor*'), [])

    const text = await runCommand(t, ['doctor', '--no-json'], {
      DATABASE_URL: database,
      ...environment,
      PORT: '0',
    })
    t.match(text, {
      code: 0,
      stdout: /^ok {7}versions: .*\n[^]*UNLINK +\d+\.\d\d ms {2}1\n[^]*\nall is well\n$/,
    })
    t.notMatch(text.stdout, '\u001b[', 'no colours where there is no terminal')
    const nowhere = { PORT: '0', DATABASE_URL: 'postgres://127.0.0.1:1/x' }
    const json = await runCommand(t, ['doctor'], nowhere)
    t.match([json.code, JSON.parse(json.stdout)], [5, { problems: 1, findings: [{ check: 'versions' }] }])
  },
)

t.test('a configuration that the service does not take is named, and nothing else looked at', async (t) => {
  const { code, findings } = await examine({ PORT: 'eighty', CACHE_TTL_MEDIA: '0' })
  t.equal(code, 5)
  t.match(findings.slice(1), [
    { check: 'configuration', level: 'problem', says: /^PORT / },
    { check: 'configuration', level: 'problem', says: /^CACHE_TTL_MEDIA / },
  ])
})

t.test('keys that anybody would guess, and who may do what', async (t) => {
  const apiKeys = (entries: string) => examine({ API_KEYS: entries })
  const weak = await apiKeys(`grafana:stats:${sha256('grafana')},deploy:ops:${sha256('a good one')}`)
  t.equal(weak.code, 5)
  t.match(weak.of('key strength'), {
    level: 'problem',
    says: /^the key grafana can be guessed/,
    advice: /keys new/,
  })
  const readers = await apiKeys(`a:stats:${sha256('one')},b:stats:${sha256('one')}`)
  t.equal(readers.code, 6)
  t.match(readers.of('access'), { level: 'warning', says: /nobody can clear/ })
  t.match(readers.of('key strength'), { level: 'warning', says: /^the key b is another name's/ })
  t.match((await examine({ HOST: '0.0.0.0' })).of('access'), {
    level: 'warning',
    says: /listens on 0\.0\.0\.0/,
  })
  const own = await examine({ API_KEYS: `a:ops:${sha256('one')}`, BAROMETER_API_KEY: 'short' })
  t.match(
    own.findings.filter(({ check }) => check === 'key strength').map(({ says }) => says),
    [/has 5 characters/, /none of API_KEYS/],
  )
})

t.test('what crosses a network in the clear', async (t) => {
  // Of a test network, in which nothing answers and nothing is sent a password.
  const redisUrl = 'redis://:short@redis.invalid:6379'
  const { of } = await examine({ REDIS_URL: redisUrl, REDIS_CONNECT_TIMEOUT_MS: '5000' })
  t.match(of('TLS of REDIS_URL'), { level: 'warning', says: /redis\.invalid/, advice: /rediss/ })
  t.match(of('redis password'), { level: 'warning', says: /5 characters/ })
  t.match(of('redis'), { level: 'problem', says: /ENOTFOUND|EAI_AGAIN/, advice: /REDIS_URL/ })
  t.match(of('TLS of DATABASE_URL'), { level: 'ok' })
})

t.test('PostgreSQL away, of another password, or without the database', async (t) => {
  const at = (change: (url: URL) => void): string => {
    const url = new URL(database)
    change(url)
    return url.href
  }
  const nobody = String(await freePort())
  const faults: [url: string, says: RegExp, advice: RegExp][] = [
    [at((url) => (url.port = nobody)), /ECONNREFUSED/, /nobody listens/],
    [at((url) => (url.password = 'wrong')), /password/, /user and password/],
    [at((url) => (url.pathname = '/nowhere')), /does not exist/, /create the database/],
  ]
  for (const [url, says, advice] of faults) {
    const { code, of } = await examine({ DATABASE_URL: url })
    t.equal(code, 5)
    t.match(of('postgresql'), { level: 'problem', says, advice })
    t.notMatch(JSON.stringify(of('postgresql')), 'wrong@', 'no password')
  }
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const hung = await examine({ DATABASE_URL: at((url) => (url.port = String(port))) })
  t.match(hung.of('postgresql'), { level: 'problem', says: /CONNECT_TIMEOUT/, advice: /firewall/ })
})

t.test('a database that is not migrated, may not be written, or may lose commits', async (t) => {
  const name = 'not_migrated'
  await postgres.sql.unsafe(`create database ${name}`)
  const bare = new URL(database)
  bare.pathname = `/${name}`
  const soon = await examine({ DATABASE_URL: bare.href })
  t.match([soon.code, soon.of('migrations')], [0, { level: 'note', says: /missing/, advice: /next start/ }])
  const never = await examine({ DATABASE_URL: bare.href, MIGRATE_ON_START: 'false' })
  t.match([never.code, never.of('migrations')], [5, { level: 'problem', advice: /barometer migrate/ }])

  await postgres.sql`create role reader login password 'reader'`
  const reader = new URL(database)
  reader.username = reader.password = 'reader'
  const rights = (await examine({ DATABASE_URL: reader.href })).of('postgresql rights')
  t.match(rights, { level: 'problem', says: /insert on cache_clears/, advice: /grant/ })

  await postgres.sql`alter role reader set default_transaction_read_only = on`
  await postgres.sql`alter role reader set synchronous_commit = off`
  const readOnly = await examine({ DATABASE_URL: reader.href })
  t.match(readOnly.of('postgresql rights'), { level: 'problem', says: /read-only/ })
  t.match(readOnly.of('postgresql durability'), { level: 'warning', says: /crash/ })
  t.match((await examine({ DATABASE_POOL_MAX: '1000' })).of('postgresql connections'), {
    level: 'problem',
    says: /1001 of \d+/,
  })
})

t.test('a way to PostgreSQL that passes no notifications on, as a pooler in transaction mode', async (t) => {
  const relay = createServer((client) => {
    const server = connect(postgres.port, '127.0.0.1')
    client.on('error', () => undefined).pipe(server.on('error', () => undefined))
    // A NotificationResponse names its channel; nothing else that the server sends here does.
    server.on('data', (data) => data.includes('barometer_doctor\0') || client.write(data))
    server.on('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  t.teardown(() => relay.close())
  const url = new URL(database)
  url.port = String((relay.address() as AddressInfo).port)
  const through = await examine({ DATABASE_URL: url.href })
  t.match([through.code, through.of('pooler')], [6, { level: 'warning', advice: /DATABASE_URL_DIRECT/ }])
  const direct = await examine({ DATABASE_URL: url.href, DATABASE_URL_DIRECT: database })
  t.match(direct.of('pooler'), { level: 'ok' })
})

t.test('the embedded PostgreSQL: not made by a look, and looked at where it is', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-doctor-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const environment = { DATABASE_URL: '', DATA_DIR: folder }
  t.match((await examine(environment)).of('postgresql'), { level: 'note', says: /first start makes/ })
  t.match((await examine(environment)).of('postgresql'), { level: 'note' }, 'still not there')
  t.match(await runCommand(t, ['migrate', '--create'], { PORT, DATA_DIR: folder }), { code: 0 })
  const { of } = await examine(environment)
  t.match([of('postgresql'), of('migrations')], [{ level: 'ok' }, { level: 'ok' }])
})

t.test('an account of Redis that may not do everything', async (t) => {
  const redis = await startRedis(t, { args: LIMITED })
  const url = redis.url.replace('redis://', 'redis://cache:a-password-of-some-length@')
  const grant = (...rules: string[]) =>
    redis.client.acl('SETUSER', 'cache', 'reset', 'on', '>a-password-of-some-length', ...rules)
  await grant('~barometer:*', '+@all', '-eval', '-evalsha', '-scan')
  const some = await examine({ REDIS_URL: url })
  t.equal(some.code, 6)
  t.match(some.of('redis rights'), {
    level: 'warning',
    says: /cache may not EVAL, EVALSHA, SCAN: instances do not load for each other.*frees no room/,
    advice: 'ACL SETUSER cache ~barometer:* +eval +evalsha +scan',
  })
  t.equal(some.of('redis round trip')?.level, 'ok', 'the rest works')
  await grant('~other:*', '+@all')
  const elsewhere = await examine({ REDIS_URL: url })
  t.match([elsewhere.code, elsewhere.of('redis rights')], [5, { level: 'problem', advice: /~barometer:\*/ }])
  // What docs/operations.md says an account needs is enough.
  await grant(...DOCUMENTED_RIGHTS)
  t.match((await examine({ REDIS_URL: url })).of('redis rights'), { level: 'ok' })
})

t.test('a Redis that evicts nothing, is full, a replica, or cannot save', async (t) => {
  const redis = await startRedis(t)
  const look = () => examine({ REDIS_URL: redis.url, ...PATIENT })
  const boundless = await look()
  t.match(
    [boundless.code, boundless.of('redis eviction')],
    [6, { level: 'warning', says: /maxmemory is not set/ }],
  )
  await redis.client.config('SET', 'maxmemory', '64mb')
  t.match((await look()).of('redis eviction'), {
    level: 'warning',
    says: /noeviction/,
    advice: /allkeys-lru/,
  })
  await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru')
  t.match([(await look()).code, (await look()).of('redis eviction')], [0, { level: 'ok' }])

  await redis.client.config('SET', 'maxmemory-policy', 'noeviction')
  await redis.client.config('SET', 'maxmemory', '1mb')
  const full = await look()
  t.match(
    [full.code, full.of('redis round trip')],
    [5, { level: 'problem', says: /^SET failed: OOM/, advice: /allkeys-lru/ }],
  )
  await redis.client.config('SET', 'maxmemory', '64mb')

  await redis.client.replicaof('127.0.0.1', await freePort())
  const replica = await look()
  t.match([replica.code, replica.of('redis role')], [5, { level: 'problem', advice: /master/ }])
  t.match(replica.of('redis round trip'), { says: /READONLY/ })
})

t.test('a Cluster taken for a single server, and the other way round', async (t) => {
  const cluster = await startRedisCluster(t)
  const single = await examine({ REDIS_URL: cluster.url })
  t.match([single.code, single.of('redis role')], [5, { level: 'problem', advice: 'set REDIS_CLUSTER=true' }])
  t.match((await examine({ REDIS_URL: cluster.url, REDIS_CLUSTER: 'true' })).of('redis round trip'), {
    level: 'ok',
  })
  const redis = await startRedis(t)
  const other = await examine({ REDIS_URL: redis.url, REDIS_CLUSTER: 'true' })
  t.match([other.code, other.of('redis')], [5, { level: 'problem', advice: /REDIS_CLUSTER=false/ }])
})

t.test('the service: not there, not ours, or closed to this key', async (t) => {
  t.match((await examine({})).of('service'), { level: 'note', says: /^none at/ })
  const service = await startService(t, { DATABASE_URL: database, API_KEYS: `a:stats:${sha256('one')}` })
  const { code, of } = await examine({ BAROMETER_SERVICE: service.url })
  t.match(
    [code, of('service access')],
    [6, { level: 'warning', says: /answered 401/, advice: /BAROMETER_API_KEY/ }],
  )
})

t.test('a clock that is off', (t) => {
  const aheadMs = 90_000
  const clock = `data:text/javascript,const { now } = Date; Date.now = () => now() + ${aheadMs}`
  const { stdout } = spawnSync(
    process.execPath,
    [`--import=${clock}`, ...program('src/cli/index'), 'doctor'],
    { encoding: 'utf8', env: { ...process.env, DATABASE_URL: database, PORT } },
  )
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  t.match(
    findings.find(({ check }) => check === 'postgresql clock'),
    { level: 'warning', says: /^its clock is (89|9\d)\.\d+ s behind/ },
  )
  t.end()
})
