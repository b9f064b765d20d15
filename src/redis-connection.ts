// How Redis is reached by the configuration: the service and the command line must mean the same server and account.
import type { RedisOptions } from 'ioredis'
import type { Config } from './config.ts'

export interface RedisConnection {
  node: { host: string; port: number }
  /** Not in a Cluster, which has only one. */
  database: number
  options: Pick<RedisOptions, 'username' | 'password' | 'tls' | 'connectTimeout' | 'socketTimeout'>
}

/** @param text the REDIS_URL of a valid configuration. */
export function redisConnection(config: Config, text: string): RedisConnection {
  const url = new URL(text)
  const password = decodeURIComponent(url.password) || config.REDIS_PASSWORD
  return {
    node: { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) },
    database: Number(url.pathname.slice(1) || 0),
    options: {
      ...(password === undefined ? {} : { password }),
      ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
      connectTimeout: config.REDIS_CONNECT_TIMEOUT_MS,
      // connectTimeout ends with the TCP connection; a hung Redis accepts that and then says nothing.
      socketTimeout: config.REDIS_CONNECT_TIMEOUT_MS,
    },
  }
}

/** Where an error is the refusal of the database that was chosen: which one, and what Redis said; null of any other. */
export function databaseRefusal(error: Error): string | null {
  const { command } = error as { command?: { name?: unknown; args?: unknown[] } }
  if (error.name !== 'ReplyError' || command?.name !== 'select') return null
  return `Redis refuses database ${String(command.args?.[0])}: ${error.message}`
}
