// The configuration: every bad value is refused by name, no secret is repeated, and .env.example says what the schema says.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import t from 'tap'
import { program } from '../support/root.ts'
import { ENV_EXAMPLE, envExample } from '../../scripts/make-env-example.ts'
import { ConfigSchema } from '../../src/config-schema.ts'
import { ConfigError, loadConfig, type Config } from '../../src/config.ts'

const NAMES = Object.keys(ConfigSchema.properties)
const HASH = '0'.repeat(64)

interface Variable {
  type?: string
  minimum?: number
  maximum?: number
  description?: string
  default?: string | number | boolean
}
const schemaOf = (name: string) => ConfigSchema.properties[name as keyof Config] as Variable

/** The message with which an environment is refused. */
function refusal(environment: Record<string, string>): string {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error(`${JSON.stringify(environment)} is not refused`)
}

t.test('nothing set gives the documented defaults', (t) => {
  t.match(loadConfig({}), {
    HOST: '127.0.0.1',
    PORT: 8001,
    LOG_LEVEL: 'info',
    DATA_DIR: '.data',
    MIGRATE_ON_START: true,
    DEFAULT_SYMBOL: '^GSPC',
    REDIS_ENABLED: true,
    REDIS_CONNECT_TIMEOUT_MS: 5000,
    REDIS_COMMAND_TIMEOUT_MS: 250,
    CACHE_PREFIX: 'barometer',
    CACHE_DEFAULT_TTL: 300,
    CACHE_TTL_VOLUME: 300,
    CACHE_TTL_SCORE: 300,
    CACHE_TTL_MEDIA: 60,
    CACHE_TTL_REFERENCE: 3600,
    CACHE_STALE_SECONDS: 3600,
    CACHE_MEMORY_MAX_MB: 64,
    CACHE_ENTRY_MAX_KB: 1024,
    MAX_OFFSET: 100_000,
    REQUIRE_READ_KEY: false,
    TRUST_PROXY: false,
  })
  for (const name of [
    'DATABASE_URL',
    'DATABASE_URL_DIRECT',
    'REDIS_URL',
    'API_KEYS',
    'BOND_SYMBOL',
    'CORS_ORIGINS',
  ])
    t.notOk(name in loadConfig({}), name)
  t.end()
})

t.test('an empty string means unset, for every variable', (t) => {
  t.strictSame(loadConfig(Object.fromEntries(NAMES.map((name) => [name, '']))), loadConfig({}))
  t.end()
})

t.test('what is set is taken, in its type, and other variables are not', (t) => {
  const keys = `a:ops:${HASH},b:read+stats:${HASH}`
  const environment = {
    PORT: '0',
    REDIS_ENABLED: 'false',
    CACHE_PREFIX: 'we*rd[p]?',
    API_KEYS: keys,
    HOST: '::1',
  }
  const config = loadConfig({ ...environment, OTHER: 'x' })
  t.strictSame(config, { ...loadConfig({}), ...environment, PORT: 0, REDIS_ENABLED: false })
  for (const url of ['redis://h', 'rediss://u:p%40@h:1/2', 'redis://[::1]:6379', 'redis://:p@h/'])
    t.equal(loadConfig({ REDIS_URL: url }).REDIS_URL, url)
  for (const url of ['postgres://h/d', 'postgresql://u:p@h:1/d?sslmode=require'])
    t.equal(loadConfig({ DATABASE_URL: url }).DATABASE_URL, url)
  t.end()
})

t.test('a bad value is refused, by the name of its variable', (t) => {
  for (const name of NAMES as (keyof Config)[]) {
    const { type, minimum = 0, maximum = 0 } = schemaOf(name)
    if (type === 'boolean') {
      for (const value of ['yes', '1', 'TRUE', ' true', 'null'])
        t.match(refusal({ [name]: value }), `${name} must be true or false (it is "${value}")`)
    }
    if (type === 'integer') {
      const values = [minimum - 1, maximum + 1].map(String)
      for (const value of [...values, '1e1', '0x10', '7.0', ' 7', '+7', '007', '-0', 'NaN', '9'.repeat(30)]) {
        const start = `${name} must be a whole decimal number from ${minimum} to ${maximum} (it is "${value}")`
        t.equal(refusal({ [name]: value }), start)
      }
      for (const value of [minimum, maximum]) t.equal(loadConfig({ [name]: String(value) })[name], value)
    }
  }
  const others: [keyof Config, string[]][] = [
    ['HOST', ['a b', 'http://h', '  ', '1.2.3.4:80', '::1::']],
    ['LOG_LEVEL', ['loud', 'INFO', 'toString']],
    ['DATABASE_URL', ['mysql://h/d', 'h/d', 'postgres://[', ' postgres://h']],
    ['DATABASE_URL_DIRECT', ['mysql://h/d', 'postgres://h:port/d']],
    ['DATABASE_URL', ['postgres://h/d?max=5', 'postgres://h/d?connect_timeout=5', 'postgres://u:a#b@h/d']],
    [
      'DATABASE_URL',
      ['postgres://h/d?TimeZone=Europe/Paris', 'postgres://h/d?ssl=a&ssl=b', 'postgres://h/d#x'],
    ],
    ['DEFAULT_SYMBOL', ['a b', 'S'.repeat(33), 'é', 'a\nb']],
    ['BOND_SYMBOL', ['*']],
    [
      'REDIS_URL',
      ['http://h', 'h:6379', 'redis://', 'redis://h/name', 'redis://h/1/2', 'redis://:%zz@h', 'redis://h:x'],
    ],
    [
      'REDIS_URL',
      ['redis://h?db=5', 'redis://h/2?family=6', 'redis://h/2#5', 'redis://:a#b@h', 'redis://user@h'],
    ],
    ['CACHE_PREFIX', ['a b', 'a{b', 'a}b', 'é', 'p'.repeat(65), 'a\tb']],
    [
      'API_KEYS',
      ['a', 'a:ops', `a:ops:${HASH}0`, `a:ops:${HASH},`, `:ops:${HASH}`, `a::${HASH}`, `a b:ops:${HASH}`],
    ],
    ['API_KEYS', [`a:admin:${HASH}`, `a:ops+admin:${HASH}`, `a:ops:${HASH},b:opps:${HASH}`]],
    ['API_KEYS', [`a:ops:${HASH},a:read:${HASH}`]],
    [
      'CORS_ORIGINS',
      [
        'app.example',
        'https://app.example/',
        'https://a.example, https://b.example',
        'https://a.example,',
        '*,*',
      ],
    ],
    [
      'CORS_ORIGINS',
      [
        'https://*.app.example',
        'HTTPS://app.example',
        'https://app.example:443',
        'null',
        'https://a.example/x',
      ],
    ],
    [
      'CORS_ORIGINS',
      ['https://u:p@app.example', 'file:///', 'ftp://app.example', 'https://', 'https://bücher.example'],
    ],
  ]
  for (const [name, values] of others)
    for (const value of values)
      t.match(refusal({ [name]: value }), new RegExp(`^${name}\\b[^;]* [^;]+$`), `${name}=${value}`)
  t.match(refusal({ LOG_LEVEL: 'loud' }), 'one of fatal, error, warn, info, debug, trace, silent')
  t.match(
    refusal({ API_KEYS: `a:ops+admin:${HASH}` }),
    /a has the unknown scope admin \(there are read, stats, ops, ingest/,
  )
  t.match(refusal({ API_KEYS: `a:ops:${HASH},a:read:${HASH}` }), /the name a stands twice/)
  for (const origins of ['*', 'https://app.example', 'http://localhost:3000,http://[::1]:8080,https://a.b'])
    t.equal(loadConfig({ CORS_ORIGINS: origins }).CORS_ORIGINS, origins)
  t.match(refusal({ CORS_ORIGINS: 'https://App.example:443/' }), /which is https:\/\/app\.example\b/)
  t.match(refusal({ REDIS_URL: 'redis://h?db=5' }), /the parameter "db", .* redis:\/\/host:6379\/5/)
  t.match(
    refusal({ REDIS_URL: 'redis://h/2', REDIS_CLUSTER: 'true' }),
    /^REDIS_URL names database 2, and a Cluster/,
  )
  t.ok(loadConfig({ REDIS_URL: 'redis://user@h/2', REDIS_PASSWORD: 'secret' }))
  t.ok(loadConfig({ REDIS_URL: 'redis://h/0', REDIS_CLUSTER: 'true' }))
  t.match(refusal({ REQUIRE_READ_KEY: 'true' }), /^REQUIRE_READ_KEY needs API_KEYS/)
  t.end()
})

t.test('all that is wrong is named at once', (t) => {
  const message = refusal({ PORT: 'x', HOST: '', LOG_LEVEL: 'loud', REDIS_ENABLED: 'maybe' })
  for (const name of ['PORT', 'LOG_LEVEL', 'REDIS_ENABLED']) t.match(message, `${name} must be`)
  const numbers = NAMES.filter((name) => schemaOf(name).type === 'integer')
  const all = refusal(Object.fromEntries(numbers.map((name) => [name, 'x'])))
  t.strictSame(
    all.split('; ').map((complaint) => complaint.split(' ')[0]),
    numbers,
    'however many they are',
  )
  const together = refusal({ HOST: 'a b', REQUIRE_READ_KEY: 'true', REDIS_URL: 'redis://h/x' })
  for (const name of ['HOST', 'REQUIRE_READ_KEY', 'REDIS_URL']) t.match(together, name)
  t.end()
})

t.test('no secret is repeated', (t) => {
  const secret = 'hunter2'
  for (const environment of [
    { DATABASE_URL: `mysql://u:${secret}@h/d` },
    { DATABASE_URL: `postgres://u:${secret}@h:port/d` },
    { DATABASE_URL_DIRECT: `postgres://u:${secret}@[/d` },
    { REDIS_URL: `redis://:${secret}@h/name` },
    { REDIS_URL: `redis://:${secret}%@h` },
    { REDIS_URL: secret },
    { REDIS_URL: `redis://:a#${secret}@h` },
    { REDIS_URL: `redis://h?password=${secret}` },
    { DATABASE_URL: `postgres://u:${secret}@h/d?max=1#${secret}` },
    { API_KEYS: secret },
    { API_KEYS: `a:admin:${HASH}` },
    { REDIS_PASSWORD: secret, PORT: 'x' },
  ]) {
    t.notMatch(refusal(environment), /hunter2|0{64}/, JSON.stringify(environment))
  }
  t.ok(refusal({ HOST: ' '.repeat(5000) }).length < 200, 'nor a long value')
  t.end()
})

t.test('the process refuses to start, in one plain line', (t) => {
  const env = { PATH: process.env['PATH'], PORT: '1e1', API_KEYS: `a:admin:${HASH}` }
  const args = program('src/server')
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  t.strictSame([status, stdout], [2, ''])
  t.match(stderr, /^barometer: PORT must be a whole decimal number [^\n]+\n$/)
  const scope = spawnSync(process.execPath, args, { env: { ...env, PORT: '0' }, encoding: 'utf8' })
  t.strictSame([scope.status, scope.stdout], [2, ''])
  t.match(scope.stderr, /^barometer: API_KEYS: a has the unknown scope admin[^\n]+\n$/)
  t.end()
})

t.test('.env.example is what the schema says', (t) => {
  const text = readFileSync(ENV_EXAMPLE, 'utf8')
  t.equal(text, envExample(), 'made anew by scripts/make-env-example.ts')
  const variables = [...text.matchAll(/^# (.+)\n#([A-Z_]+)=(.*)$/gm)].map(([, words, name, value]) => ({
    words,
    name,
    value,
  }))
  t.strictSame(
    variables.map(({ name }) => name),
    NAMES,
  )
  for (const { words = '', name = '', value } of variables) {
    const { description = '?', default: given = '' } = schemaOf(name)
    t.ok(words.startsWith(description) && words.length < 180, name)
    t.equal(value, String(given), name)
  }
  const uncommented = text.replace(/^#(?=[A-Z_]+=)/gm, '')
  t.strictSame(loadConfig({ ...parseEnv(uncommented) }), loadConfig({}), 'and can be used as it stands')
  t.end()
})
