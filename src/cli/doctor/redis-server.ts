// What Redis says of itself: its version, what it does when it is full, whether it can save, and its clock.
import type { Redis } from 'ioredis'
import type { Config } from '../../config.ts'
import { clockFinding, note, ok, problem, warning, type Finding } from './finding.ts'

export interface RedisServer {
  version: string
  fields: ReadonlyMap<string, string>
  /** null where TIME is not allowed. */
  clockAheadMs: number | null
}

const OLDEST_VERSION = [6, 2] as const
const FULL_SHARE = 0.8

/** null where INFO is not allowed. */
export async function readInfo(node: Redis): Promise<RedisServer | null> {
  const text = await node.info().catch(() => null)
  if (text === null) return null
  const fields = new Map(
    text.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : []
    }),
  )
  const valkey = fields.get('valkey_version')
  const version = valkey === undefined ? (fields.get('redis_version') ?? 'unknown') : `Valkey ${valkey}`
  return { version, fields, clockAheadMs: await clockOf(node) }
}

async function clockOf(node: Redis): Promise<number | null> {
  const askedAt = Date.now()
  const answer = await node.time().catch(() => null)
  if (answer === null) return null
  const [seconds, microseconds] = answer.map(Number) as [number, number]
  return seconds * 1000 + microseconds / 1000 - (askedAt + Date.now()) / 2
}

export function serverFindings({ fields, clockAheadMs }: RedisServer, config: Config): Finding[] {
  return [
    versionFinding(fields.get('redis_version') ?? ''),
    ...memoryFindings(fields),
    persistenceFinding(fields),
    ...roleFindings(fields, config),
    ...(clockAheadMs === null ? [] : [clockFinding('redis clock', clockAheadMs)]),
  ]
}

/** Of Valkey, this is the version of Redis that it stands for. */
function versionFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_VERSION
  const isNew = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
  return isNew
    ? ok('redis version', version)
    : problem('redis version', version, `use Redis ${OLDEST_VERSION.join('.')} or newer, or Valkey`)
}

function memoryFindings(fields: RedisServer['fields']): Finding[] {
  const limit = Number(fields.get('maxmemory') ?? 0)
  const used = Number(fields.get('used_memory') ?? 0)
  const policy = fields.get('maxmemory_policy') ?? 'unknown'
  const eviction = 'redis eviction'
  if (limit === 0)
    return [
      warning(
        eviction,
        'maxmemory is not set: it grows until the machine is full',
        'set maxmemory to what the machine can spare, and maxmemory-policy allkeys-lru',
      ),
    ]
  const share = used / limit
  const memory = `${Math.round(share * 100)} % of maxmemory is in use`
  return [
    policy === 'noeviction'
      ? warning(
          eviction,
          'maxmemory-policy is noeviction: full, it refuses every write',
          'set maxmemory-policy allkeys-lru (or volatile-lru, where others keep what must not go: all keys of ours have a lifetime)',
        )
      : ok(eviction, `maxmemory-policy is ${policy}`),
    share < FULL_SHARE
      ? ok('redis memory', memory)
      : note('redis memory', memory, 'where hits are fewer than expected, raise maxmemory'),
  ]
}

/** Nothing here needs what Redis saves: an entry that comes back is judged by the clear log like any other. */
function persistenceFinding(fields: RedisServer['fields']): Finding {
  const check = 'redis persistence'
  if (fields.get('rdb_last_bgsave_status') === 'err' || fields.get('aof_last_write_status') === 'err')
    return problem(
      check,
      'it could not save to disk, and may refuse writes',
      'free the disk, or switch saving off: nothing of ours needs it',
    )
  return ok(
    check,
    fields.get('aof_enabled') === '1'
      ? 'append-only file: entries survive a restart, and are judged by the clear log as ever'
      : 'no append-only file: after a restart entries are loaded anew',
  )
}

function roleFindings(fields: RedisServer['fields'], { REDIS_CLUSTER }: Config): Finding[] {
  const isCluster = fields.get('cluster_enabled') === '1'
  return [
    ...(fields.get('role') === 'slave'
      ? [problem('redis role', 'this is a replica, which takes no writes', 'name the master in REDIS_URL')]
      : []),
    ...(isCluster && !REDIS_CLUSTER
      ? [
          problem(
            'redis role',
            'this is a node of a Cluster, and REDIS_CLUSTER is false',
            'set REDIS_CLUSTER=true',
          ),
        ]
      : []),
  ]
}
