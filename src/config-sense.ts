// What a schema of single settings cannot say of them: URLs that are none, settings that need each other.
import { isIP } from 'node:net'
import { parseApiKeys } from './access/keys.ts'
import { parseOrigins } from './access/origins.ts'
import type { Config } from './config-schema.ts'

/** Parameters of other clients, each with what does the same here. */
const REDIS_HINTS: Record<string, string> = {
  db: ': the number of the database stands behind the host: redis://host:6379/5',
  password: ': the password stands in front of the host, or in REDIS_PASSWORD',
  ssl: ': write rediss:// for TLS',
  tls: ': write rediss:// for TLS',
}

/** This service sets these itself; PostgreSQL refuses the others that it does not know. */
const POSTGRES_OWN: Record<string, string> = {
  max: 'DATABASE_POOL_MAX says how many connections there may be',
  statement_timeout: 'DATABASE_STATEMENT_TIMEOUT_MS is for that',
  connect_timeout: 'it follows DATABASE_STATEMENT_TIMEOUT_MS',
  idle_timeout: 'it is fixed',
  backoff: 'it is fixed',
  fetch_types: 'it is fixed',
  timezone: 'sessions are in UTC',
  datestyle: 'sessions have ISO dates',
}

const SHOWN_LENGTH = 60

/** Complaints, each of which names its variable; none where all is well. */
export function nonsense(config: Config): string[] {
  const complaints: string[] = []
  for (const name of ['DATABASE_URL', 'DATABASE_URL_DIRECT', 'REDIS_URL'] as const) {
    const url = config[name]
    if (url === undefined) continue
    if (!URL.canParse(url)) complaints.push(`${name} is not a valid URL`)
    else if (name === 'REDIS_URL') complaints.push(...redisNonsense(new URL(url), config))
    else complaints.push(...postgresNonsense(name, new URL(url)))
  }
  complaints.push(...publicNonsense(config.PUBLIC_URL))
  if (config.REQUIRE_READ_KEY && config.API_KEYS === undefined) {
    complaints.push('REQUIRE_READ_KEY needs API_KEYS: without a key nobody could read')
  }
  if (isIP(config.HOST) === 0 && !/^[A-Za-z0-9.-]+$/.test(config.HOST)) {
    complaints.push(
      `HOST must be an address or a host name (it is ${JSON.stringify(config.HOST.slice(0, 60))})`,
    )
  }
  for (const parse of [() => parseApiKeys(config.API_KEYS), () => parseOrigins(config.CORS_ORIGINS)]) {
    try {
      parse()
    } catch (error) {
      complaints.push((error as Error).message)
    }
  }
  return complaints
}

/** Addresses are made by putting paths behind it. */
function publicNonsense(text: string | undefined): string[] {
  if (text === undefined) return []
  if (!URL.canParse(text)) return ['PUBLIC_URL is not a valid URL']
  const { username, password } = new URL(text)
  if (username !== '' || password !== '') return ['PUBLIC_URL must not hold a user name or a password']
  return /[?#]/.test(text) ? ['PUBLIC_URL must end with its path, without ? and #'] : []
}

/** Whatever a URL says and nothing here would heed is refused: somebody meant it. */
function redisNonsense(url: URL, { REDIS_CLUSTER, REDIS_PASSWORD }: Config): string[] {
  const { hostname, pathname, username, password } = url
  const complaints: string[] = []
  if (hostname === '') complaints.push('REDIS_URL names no host')
  if (!/^\/?\d*$/.test(pathname)) complaints.push('REDIS_URL must end in a database number or in none')
  else if (REDIS_CLUSTER && Number(pathname.slice(1)) !== 0)
    complaints.push(`REDIS_URL names database ${pathname.slice(1)}, and a Cluster has only database 0`)
  for (const name of new Set(url.searchParams.keys()))
    complaints.push(
      `REDIS_URL has the parameter ${shown(name)}, which means nothing here${REDIS_HINTS[name] ?? ''}`,
    )
  if (url.hash !== '') complaints.push(fragmentIn('REDIS_URL'))
  if (username !== '' && password === '' && REDIS_PASSWORD === undefined)
    complaints.push('REDIS_URL names a user without a password, and there is no REDIS_PASSWORD either')
  try {
    decodeURIComponent(username + password)
  } catch {
    complaints.push('REDIS_URL has a % in its user name or password that is not written as %25')
  }
  return complaints
}

function postgresNonsense(setting: string, url: URL): string[] {
  const complaints: string[] = []
  for (const name of new Set(url.searchParams.keys())) {
    const own = POSTGRES_OWN[name.toLowerCase()]
    if (own !== undefined)
      complaints.push(`${setting} has the parameter ${name}, which it cannot set: ${own}`)
    else if (url.searchParams.getAll(name).length > 1)
      complaints.push(`${setting} has the parameter ${shown(name)} more than once`)
  }
  if (url.hash !== '') complaints.push(fragmentIn(setting))
  return complaints
}

/** A name that somebody made up may be as long as they like, and hold what a terminal takes for a command. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, SHOWN_LENGTH))
}

function fragmentIn(setting: string): string {
  return `${setting} has a part behind #, which means nothing here: a # in a password is written as %23`
}
