// Redis: whether it can be reached, what a write, a read and a delete do, what the account may, and what the server does when it is full.
import { randomUUID } from 'node:crypto'
import { Cluster, Redis } from 'ioredis'
import type { Config } from '../../config.ts'
import { reasonOf } from '../../loading/transaction.ts'
import { databaseRefusal, redisConnection } from '../../redis-connection.ts'
import { note, ok, problem, type Finding } from './finding.ts'
import { readInfo, serverFindings } from './redis-server.ts'
import { roundTrip } from './redis-round-trip.ts'

const CHECK = 'redis'
const END_OF_PATIENCE_MS = 10_000
/** What a connection dies of, and what to do about it. */
const REMEDIES: [sign: RegExp, remedy: string][] = [
  [
    /refuses database .*NOPERM/,
    'the account may not choose a database: allow it +select, or name none in REDIS_URL',
  ],
  [
    /refuses database/,
    'correct the number behind the host in REDIS_URL; the service does not start with it. `CONFIG GET databases` says how many there are',
  ],
  [
    /WRONGPASS|invalid username-password|invalid password/i,
    'correct user and password in REDIS_URL, or REDIS_PASSWORD',
  ],
  [
    /NOAUTH|Authentication required/i,
    'it asks for a password: set REDIS_PASSWORD, or put user and password into REDIS_URL',
  ],
  [/NOPERM/, 'the account may not even connect: allow it +hello +ping +client|setinfo'],
  [
    /ECONNREFUSED/,
    'nobody listens there: start Redis, or correct REDIS_URL. Until then the service runs without',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'the name cannot be looked up: correct REDIS_URL'],
  [
    /certificate|CERT|self.signed|altname/i,
    'the certificate is not trusted here: name its authority in NODE_EXTRA_CA_CERTS, and the host as the certificate does',
  ],
  [
    /SSL|wrong version number|EPROTO|packet length/i,
    'one side speaks TLS and the other does not: rediss:// or redis://',
  ],
  [
    /ClusterAllFailedError|cluster support disabled|Failed to refresh slots/i,
    'no node of a Cluster answers there: set REDIS_CLUSTER=false for a single server',
  ],
]

export async function redisFindings(config: Config): Promise<Finding[]> {
  const { REDIS_URL, REDIS_ENABLED, REDIS_COMMAND_TIMEOUT_MS, CACHE_PREFIX } = config
  if (REDIS_URL === undefined || !REDIS_ENABLED) {
    const why = REDIS_URL === undefined ? 'no REDIS_URL' : 'REDIS_ENABLED is false'
    return [
      note(
        CHECK,
        `${why}: memory only`,
        'with several instances, Redis spares each of them the loads of the others',
      ),
    ]
  }
  const client = clientOf(config, REDIS_URL)
  let reason = ''
  let isRefused = false
  client.on('error', (error: Error) => {
    const refusal = databaseRefusal(error)
    if (!isRefused) reason = refusal ?? reasonOf(error)
    if (refusal === null) return
    // ioredis goes on in database 0; the service does not.
    isRefused = true
    client.disconnect()
  })
  try {
    await limited(client.connect()).catch((error: unknown) => {
      throw new Error(reason || reasonOf(error), { cause: error })
    })
    const node = client instanceof Cluster ? client.nodes('master')[0] : client
    if (node === undefined) throw new Error('the Cluster has no master')
    const info = await limited(readInfo(node))
    const probe = { client, node, prefix: CACHE_PREFIX, key: `${CACHE_PREFIX}:doctor:${randomUUID()}` }
    return [
      ok(CHECK, `connected to ${new URL(REDIS_URL).host}${info === null ? '' : `, version ${info.version}`}`),
      ...(await limited(roundTrip(probe, REDIS_COMMAND_TIMEOUT_MS, userOf(REDIS_URL)))),
      ...(info === null ? [] : serverFindings(info, config)),
    ]
  } catch (error) {
    const says = reasonOf(error)
    const remedy = REMEDIES.find(([sign]) => sign.test(says))?.[1]
    return [
      problem(
        CHECK,
        `cannot be used: ${says}`,
        remedy ?? 'the service runs without it; what it says should tell why',
      ),
    ]
  } finally {
    client.disconnect()
  }
}

/** As the service connects, but once. */
function clientOf(config: Config, url: string): Redis | Cluster {
  const { options, node, database } = redisConnection(config, url)
  const patience = { lazyConnect: true, enableOfflineQueue: false }
  return config.REDIS_CLUSTER
    ? new Cluster([node], {
        ...patience,
        redisOptions: { ...options, maxRetriesPerRequest: 0 },
        slotsRefreshTimeout: config.REDIS_CONNECT_TIMEOUT_MS,
        clusterRetryStrategy: () => null,
      })
    : new Redis({
        ...options,
        ...node,
        ...patience,
        db: database,
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
      })
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username) || 'default'
}

async function limited<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`no answer within ${END_OF_PATIENCE_MS / 1000} s`))
    timer = setTimeout(late, END_OF_PATIENCE_MS)
  })
  promise.catch(() => undefined)
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}
