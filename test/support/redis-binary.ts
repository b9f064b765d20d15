// Where the Redis server that tests start comes from: `REDIS_SERVER`, else the PATH.
import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'

/** Valkey speaks the same protocol and reads the same options. */
export const REDIS_SERVER_NAMES = ['redis-server', 'valkey-server'] as const

/** Full path of the Redis (or Valkey) server to start, or null where there is none. A name in `REDIS_SERVER` is the only one tried. */
export function findRedisServer(env: NodeJS.ProcessEnv = process.env): string | null {
  return findOneOf(env['REDIS_SERVER'] ? [env['REDIS_SERVER']] : REDIS_SERVER_NAMES, env)
}

/** Full path of the first of these programs that is there. */
export function findOneOf(names: readonly string[], env: NodeJS.ProcessEnv): string | null {
  for (const name of names) {
    const found = findExecutable(name, env['PATH'] ?? '')
    if (found !== null) return found
  }
  return null
}

/** Full path of a program, looked up as a shell does: a name with a slash is a path, any other is sought along `searchPath`. */
export function findExecutable(name: string, searchPath: string): string | null {
  const candidates = name.includes('/')
    ? [path.resolve(name)]
    : searchPath
        .split(path.delimiter)
        .filter(Boolean)
        .map((dir) => path.join(dir, name))
  return candidates.find(isExecutableFile) ?? null
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
