// What a schema of single settings cannot say of them: URLs that are none, settings that need each other.
import { isIP } from 'node:net'
import { parseApiKeys } from './access/keys.ts'
import { parseOrigins } from './access/origins.ts'
import type { Config } from './config-schema.ts'

/** Complaints, each of which names its variable; none where all is well. */
export function nonsense(config: Config): string[] {
  const complaints: string[] = []
  for (const name of ['DATABASE_URL', 'DATABASE_URL_DIRECT', 'REDIS_URL'] as const) {
    const url = config[name]
    if (url !== undefined && !URL.canParse(url)) complaints.push(`${name} is not a valid URL`)
    else if (url !== undefined && name === 'REDIS_URL') complaints.push(...redisNonsense(new URL(url)))
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

function redisNonsense({ hostname, pathname, username, password }: URL): string[] {
  const complaints: string[] = []
  if (hostname === '') complaints.push('REDIS_URL names no host')
  if (!/^\/?\d*$/.test(pathname)) complaints.push('REDIS_URL must end in a database number or in none')
  try {
    decodeURIComponent(username + password)
  } catch {
    complaints.push('REDIS_URL has a % in its user name or password that is not written as %25')
  }
  return complaints
}
