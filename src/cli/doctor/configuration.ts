// What the settings say without asking anybody: who may do what, how strong keys are, what crosses the network in the clear.
import { createHash } from 'node:crypto'
import ipaddr from 'ipaddr.js'
import { parseApiKeys, SCOPES } from '../../access/keys.ts'
import type { Config } from '../../config.ts'
import { note, ok, problem, warning, type Finding } from './finding.ts'

/** What people take for a key when they are in a hurry; whoever guesses begins with these. */
const GUESSES = [
  ...[
    '',
    'test',
    'key',
    'secret',
    'password',
    'changeme',
    'change-me',
    'admin',
    'root',
    'letmein',
    'barometer',
  ],
  ...['api-key', 'apikey', 'token', 'default', 'example', '123456', '12345678', 'qwerty', ...SCOPES],
]
const SHORTEST_KEY = 32
const SHORTEST_PASSWORD = 16
const NEW_KEY = 'make one with `barometer keys new NAME --scopes ops+stats` and put its entry into API_KEYS'

export function configurationFindings(config: Config, presentedKey: string | undefined): Finding[] {
  return [
    ok('configuration', 'every setting is one that the service takes'),
    accessFinding(config),
    ...keyFindings(config, presentedKey),
    ...redisPasswordFindings(config),
    ...(['DATABASE_URL', 'REDIS_URL'] as const).flatMap((name) => encryptionFindings(name, config[name])),
  ]
}

function accessFinding({ API_KEYS, HOST, TRUST_PROXY }: Config): Finding {
  const check = 'access'
  const keys = parseApiKeys(API_KEYS)
  if (keys.some(({ scopes }) => scopes.has('ops')))
    return ok(check, `${keys.length} API keys, one of them for clears`)
  if (keys.length > 0) return warning(check, 'no API key has the scope ops, so nobody can clear', NEW_KEY)
  if (TRUST_PROXY) return warning(check, 'TRUST_PROXY without API_KEYS: nobody can clear', NEW_KEY)
  return isLoopback(HOST)
    ? note(check, 'no API keys: only direct requests of this machine may clear', NEW_KEY)
    : warning(
        check,
        `no API keys, and it listens on ${HOST}: whoever reaches it sees its state, and only this machine may clear`,
        NEW_KEY,
      )
}

/** Of a hash nothing shows how strong the key is, unless it is one that anybody would try. */
function keyFindings({ API_KEYS }: Config, presented: string | undefined): Finding[] {
  const check = 'key strength'
  const keys = parseApiKeys(API_KEYS)
  const weak = keys.filter(({ name, hash }) =>
    [...GUESSES, name, name.toLowerCase()].some((guess) => hashOf(guess).equals(hash)),
  )
  const same = keys.filter(({ hash }, index) =>
    keys.some((other, before) => before < index && other.hash.equals(hash)),
  )
  const own = presented === undefined ? undefined : keys.find(({ hash }) => hashOf(presented).equals(hash))
  return [
    ...weak.map(({ name }) =>
      problem(check, `the key ${name} can be guessed at once`, `replace it: ${NEW_KEY}`),
    ),
    ...same.map(({ name }) =>
      warning(check, `the key ${name} is another name's as well, so the log cannot tell who it was`, NEW_KEY),
    ),
    ...(presented !== undefined && presented.length < SHORTEST_KEY
      ? [
          warning(
            check,
            `BAROMETER_API_KEY has ${presented.length} characters; keys made here have 43`,
            NEW_KEY,
          ),
        ]
      : []),
    ...(presented !== undefined && keys.length > 0 && own === undefined
      ? [
          warning(
            check,
            'BAROMETER_API_KEY is none of API_KEYS',
            'one of both is of another installation; commands that ask the service will be refused',
          ),
        ]
      : []),
    ...(keys.length > 0 && weak.length === 0
      ? [ok(check, 'no key is one of those that are tried first')]
      : []),
  ]
}

function redisPasswordFindings({ REDIS_URL, REDIS_PASSWORD, REDIS_ENABLED }: Config): Finding[] {
  if (REDIS_URL === undefined || !REDIS_ENABLED) return []
  const url = new URL(REDIS_URL)
  const password = decodeURIComponent(url.password) || (REDIS_PASSWORD ?? '')
  const check = 'redis password'
  if (isLoopback(url.hostname) && password === '') return [note(check, 'none, on this machine')]
  if (password === '')
    return [
      warning(
        check,
        'none: whoever reaches Redis reads and writes',
        'set `requirepass` or an ACL there, and REDIS_PASSWORD here',
      ),
    ]
  return password.length < SHORTEST_PASSWORD
    ? [
        warning(
          check,
          `it has ${password.length} characters, and Redis answers guesses quickly`,
          'take 32 random ones: openssl rand -hex 16',
        ),
      ]
    : [ok(check, 'there is one, and it is not short')]
}

/** A name without a dot is of a private network, as in a container's; anything else may be on the way through others'. */
function encryptionFindings(name: 'DATABASE_URL' | 'REDIS_URL', text: string | undefined): Finding[] {
  if (text === undefined) return []
  const { protocol, hostname, searchParams } = new URL(text)
  const check = `TLS of ${name}`
  const mode = searchParams.get('sslmode') ?? searchParams.get('ssl')
  const isEncrypted =
    name === 'REDIS_URL'
      ? protocol === 'rediss:'
      : mode !== null && !/^(disable|false|allow|prefer)$/.test(mode)
  if (isEncrypted) return [ok(check, 'the connection is encrypted')]
  if (hostname === '' || isLoopback(hostname)) return [ok(check, 'not encrypted, and stays on this machine')]
  const remedy =
    name === 'REDIS_URL' ? 'use rediss:// with a server that has TLS' : 'add ?sslmode=verify-full'
  return isPrivate(hostname)
    ? [
        note(
          check,
          `not encrypted, to ${hostname} of a private network`,
          `where that network is shared, ${remedy}`,
        ),
      ]
    : [warning(check, `not encrypted, to ${hostname}: passwords and data can be read on the way`, remedy)]
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || rangeOf(host) === 'loopback'
}

function isPrivate(host: string): boolean {
  const range = rangeOf(host)
  return range === null
    ? !host.includes('.')
    : ['private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'].includes(range)
}

function rangeOf(host: string): string | null {
  const address = host.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(address) ? ipaddr.process(address).range() : null
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
