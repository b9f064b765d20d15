// Every setting: its type, limits, default and what it is for.
import Type, { type Static } from 'typebox'
import { SCOPES } from './access/keys.ts'

const seconds = (value: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 31_536_000, default: value, description: `${description}, in seconds` })
const milliseconds = (value: number, minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: 600_000, default: value, description: `${description}, in milliseconds` })
const symbol = {
  pattern: '^[A-Za-z0-9^.=_-]{1,32}$',
  'x-expects': 'at most 32 letters, digits and ^ . = _ -',
}
const postgresUrl = { pattern: '^postgres(ql)?://', 'x-expects': 'a URL that begins with postgres://' }
const API_KEYS_FORM = `name:scope+scope:sha256hex, several separated by commas, with the scopes ${SCOPES.join(', ')}`

export const ConfigSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8001,
    description: 'Port to listen on; 0 takes a free one',
  }),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://',
      'x-expects': 'a URL that begins with http:// or https://',
      description:
        'How clients reach the service where something is in between, such as https://data.example/barometer; links and the OpenAPI document are absolute then',
    }),
  ),
  NODE_ENV: Type.String({
    default: 'development',
    description: 'For tools that look at it; the service behaves the same in each',
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'Lowest level logged; debug shows each hit and miss',
  }),

  DATABASE_URL: Type.Optional(
    Type.String({
      ...postgresUrl,
      description: 'PostgreSQL 15 or newer; unset: an embedded one under DATA_DIR',
    }),
  ),
  DATABASE_URL_DIRECT: Type.Optional(
    Type.String({
      ...postgresUrl,
      description: 'The same database without the pooler in between, for what needs a session (migrations)',
    }),
  ),
  DATABASE_POOL_MAX: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 10,
    description: 'Connections an instance opens at most',
  }),
  DATABASE_STATEMENT_TIMEOUT_MS: milliseconds(
    5000,
    50,
    'Limit of one statement, waiting for a connection included',
  ),
  DATA_DIR: Type.String({ default: '.data', description: 'Where the embedded PostgreSQL keeps its data' }),
  MIGRATE_ON_START: Type.Boolean({
    default: true,
    description: 'Apply missing migrations at start, under an advisory lock',
  }),
  DEFAULT_SYMBOL: Type.String({
    ...symbol,
    default: '^GSPC',
    description: 'Instrument of requests that name none',
  }),
  BOND_SYMBOL: Type.Optional(
    Type.String({
      ...symbol,
      description: 'Instrument that the equity_vs_bonds component compares with; unset: no such component',
    }),
  ),

  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://',
      'x-expects': 'a URL that begins with redis:// or rediss://',
      description:
        'Redis 6.2 or newer, or Valkey, such as redis://user:password@host:6379/2; no parameters. Unset: memory only. Its password wins',
    }),
  ),
  REDIS_PASSWORD: Type.Optional(Type.String({ description: 'Used where REDIS_URL has none' })),
  REDIS_ENABLED: Type.Boolean({ default: true, description: 'false ignores REDIS_URL' }),
  REDIS_CLUSTER: Type.Boolean({ default: false, description: 'REDIS_URL names a node of a Redis Cluster' }),
  REDIS_CONNECT_TIMEOUT_MS: milliseconds(5000, 50, 'Limit of connecting, handshake included'),
  REDIS_COMMAND_TIMEOUT_MS: milliseconds(250, 5, 'All that one request may spend on Redis'),

  CACHE_PREFIX: Type.String({
    pattern: '^[\\x21-\\x7a|~]{1,64}$',
    'x-expects': 'at most 64 printable ASCII characters without blanks and braces',
    default: 'barometer',
    description: 'Our keys in Redis begin with it; printable ASCII without braces',
  }),
  CACHE_DEFAULT_TTL: seconds(300, 'Lifetime of answers whose category has no setting of its own'),
  CACHE_TTL_VOLUME: seconds(300, 'Lifetime of volume answers'),
  CACHE_TTL_SCORE: seconds(300, 'Lifetime of score answers'),
  CACHE_TTL_MEDIA: seconds(60, 'Lifetime of media answers'),
  CACHE_TTL_REFERENCE: seconds(3600, 'Lifetime of reference answers (media sources)'),
  CACHE_TTL_OVERVIEW: seconds(300, 'Lifetime of the overview'),
  CACHE_TTL_NOT_FOUND: seconds(10, 'Lifetime of the answer that there is no such thing'),
  CACHE_STALE_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 31_536_000,
    default: 3600,
    description: 'How long past its lifetime an answer may stand in for a load that fails, in seconds',
  }),
  CACHE_MEMORY_MAX_MB: Type.Integer({
    minimum: 0,
    maximum: 65_536,
    default: 64,
    description: 'Limit of the memory tier, in MiB; 0 turns it off',
  }),
  CACHE_ENTRY_MAX_KB: Type.Integer({
    minimum: 1,
    maximum: 65_536,
    default: 1024,
    description: 'Larger answers are served and not stored, in KiB',
  }),
  ANALYSE_ARTICLES: Type.String({
    pattern: '^[A-Za-z0-9._-]{1,64}$',
    'x-expects': 'the name of an analyser, lexicon or off',
    default: 'lexicon',
    description: 'Who gives articles a score that come without one: an analyser by its name, or off',
  }),
  CACHE_WARM_KEYS: Type.Integer({
    minimum: 0,
    maximum: 1000,
    default: 200,
    description:
      'How many of the keys that are asked for most are loaded anew before anybody asks, after a change of theirs and at the start; 0 turns that off',
  }),
  CACHE_LOAD_COST: Type.Optional(
    Type.Number({
      minimum: 0,
      description:
        'What one load from PostgreSQL costs, in any currency; /cache/stats multiplies it by the loads avoided',
    }),
  ),
  MAX_OFFSET: Type.Integer({
    minimum: 0,
    maximum: 1_000_000_000,
    default: 100_000,
    description: 'Deepest offset of a list page',
  }),

  ANALYSERS: Type.Optional(
    Type.String({
      description: 'JSON file that names the analysers; the first one is the default. Unset: `lexicon` alone',
    }),
  ),
  ANALYSIS_KEY: Type.Optional(
    Type.String({
      pattern: '^([0-9A-Fa-f]{64}|[A-Za-z0-9+/_-]{43}=?)$',
      'x-expects': '32 random bytes, in hexadecimal digits or base64',
      description:
        'Seals personal results: what `openssl rand -hex 32` prints; unset: made under DATA_DIR for the embedded PostgreSQL, elsewhere subjects are refused',
    }),
  ),
  ANALYSIS_TTL_TEXT: seconds(2_592_000, 'How long the result of a text is kept'),
  ANALYSIS_TTL_FILE: seconds(604_800, 'How long the result of a file is kept'),
  ANALYSIS_PERSONAL_TTL: Type.Integer({
    minimum: 1,
    maximum: 172_800,
    default: 86_400,
    description: 'How long a result with a subject is kept, 48 hours at most, in seconds',
  }),
  ANALYSIS_MAX_MB: Type.Integer({
    minimum: 1,
    maximum: 1024,
    default: 10,
    description: 'Largest file that is analysed, in MiB',
  }),
  CACHE_TTL_ANALYSIS: seconds(
    3600,
    'Lifetime of analyses in memory and Redis; PostgreSQL keeps them for longer',
  ),

  API_KEYS: Type.Optional(
    Type.String({
      pattern:
        '^[A-Za-z0-9._-]+:[a-z]+(\\+[a-z]+)*:[0-9a-fA-F]{64}(,[A-Za-z0-9._-]+:[a-z]+(\\+[a-z]+)*:[0-9a-fA-F]{64})*$',
      'x-expects': API_KEYS_FORM,
      description: `Keys, as ${API_KEYS_FORM}; the hash is what \`printf %s KEY | sha256sum\` prints`,
    }),
  ),
  REQUIRE_READ_KEY: Type.Boolean({
    default: false,
    description: 'Data needs a key with the scope read, too',
  }),
  CORS_ORIGINS: Type.Optional(
    Type.String({
      description:
        'Web origins whose pages may read answers, such as https://app.example, separated by commas, or *',
    }),
  ),
  TRUST_PROXY: Type.Boolean({ default: false, description: 'Take the client address from X-Forwarded-For' }),

  HEADERS_TIMEOUT_MS: milliseconds(
    10_000,
    100,
    'Limit of a connection until the headers of its request are there',
  ),
  REQUEST_TIMEOUT_MS: milliseconds(30_000, 100, 'Limit of a whole request to arrive, headers and body'),
  INGEST_MAX_MB: Type.Integer({
    minimum: 1,
    maximum: 65_536,
    default: 1024,
    description: 'Largest body of an ingestion, as sent and unpacked, in MiB',
  }),
  INGEST_TIMEOUT_MS: Type.Integer({
    minimum: 1000,
    maximum: 86_400_000,
    default: 3_600_000,
    description: 'Limit of an ingestion, the arrival of its body included, in milliseconds',
  }),
  DASHBOARD_MAX_CLIENTS: Type.Integer({
    minimum: 0,
    maximum: 1000,
    default: 20,
    description: 'Pages that may watch an instance at a time; 0: none',
  }),
  KEEP_ALIVE_TIMEOUT_MS: Type.Integer({
    minimum: 1000,
    maximum: 3_600_000,
    default: 72_000,
    description:
      'How long an idle connection is kept; longer than the load balancer in front keeps its own, in milliseconds',
  }),
  STOP_DRAIN_MS: Type.Integer({
    minimum: 0,
    maximum: 5000,
    default: 500,
    description: 'How long a service that stops goes on accepting, with /readyz at 503, in milliseconds',
  }),
  PRESSURE_MAX_EVENT_LOOP_DELAY_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 500,
    description:
      'Mean delay of the event loop over a second from which on requests get 503, in milliseconds; 0: none',
  }),
  PRESSURE_MAX_HEAP_MB: Type.Integer({
    minimum: 0,
    maximum: 1_048_576,
    default: 0,
    description: 'JavaScript heap in use from which on requests get 503, in MiB; 0: none',
  }),
  PRESSURE_MAX_RSS_MB: Type.Integer({
    minimum: 0,
    maximum: 1_048_576,
    default: 0,
    description: 'Resident memory from which on requests get 503, in MiB; 0: none',
  }),
})

export type Config = Static<typeof ConfigSchema>
