// The Redis decorator. The service starts, runs and stops whether or not Redis does.
import fastifyRedis from '@fastify/redis'
import type { FastifyBaseLogger } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { Guard } from '../cache/index.ts'
import { ConfigError, type Config } from '../config.ts'
import { ConnectionLog } from '../connection-log.ts'
import { databaseRefusal, redisConnection } from '../redis-connection.ts'
import { within, type Time } from '../time/time.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Time limit and breaker around every call to `redis`; null where no Redis is configured. */
    redisGuard: Guard | null
    /** Commands sent to Redis since the start, whatever for: people pay by them. */
    redisCommands: { sent: number }
  }
}

/** The pause between two attempts to connect grows to this: Redis is back in use within seconds of its return. */
const LONGEST_RECONNECT_MS = 2000
/** A Redis that reads its data is asked this often whether it has them. */
const LOADING_RETRY_MS = 500
/** A connection that does not close in so long is destroyed. */
const DISCONNECT_MS = 200
/** How long the start waits for Redis before it goes on without. */
const BOOT_WAIT_MS = 1000
const CLOSED = 'connection closed'
const REFUSAL_LOG_INTERVAL_MS = 60_000
/** A Redis that stays read-only is left this seldom, and used for reading in between. */
const READ_ONLY_LEAVE_INTERVAL_MS = 10_000
/** Leaving takes no longer, or it is something else. */
const READ_ONLY_LEAVE_MS = 2000

export default fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const commands = { sent: 0 }
    app.decorate('redisCommands', commands)
    if (config.REDIS_URL === undefined || !config.REDIS_ENABLED) {
      app.decorate('redisGuard', null)
      return
    }
    const { time } = app
    const failover = new Failover(time)
    const client = createClient(config, config.REDIS_URL, failover)
    watchCommands(client, commands)
    const redis = new URL(config.REDIS_URL).host
    const meanwhile = 'answers come from memory and PostgreSQL'
    const connection = new ConnectionLog(app.log, { server: 'Redis', fields: { redis }, meanwhile })
    const refusals = new Refusals(app.log, redis, time)
    const watched = { connection, refusals, failover, limitMs: config.REDIS_COMMAND_TIMEOUT_MS, time }
    const { guard, refusedDatabase } = watch(client, watched)
    const bootWaitMs = Math.min(BOOT_WAIT_MS, config.REDIS_CONNECT_TIMEOUT_MS)
    // A first attempt that fails is followed by others; it is no reason not to start.
    await within(time, bootWaitMs, client.connect()).catch(() => undefined)
    const refused = refusedDatabase()
    if (refused !== null) {
      connection.stop()
      client.disconnect()
      throw new ConfigError(`REDIS_URL: ${refused}`)
    }
    if (client.status !== 'ready') connection.away(`not connected after ${bootWaitMs} ms`)
    // @fastify/redis waits for a ready client until the boot times out; one that is not ready is decorated here instead.
    if (client.status === 'ready') await app.register(fastifyRedis, { client: client as Redis })
    else app.decorate('redis', client as never)
    app.decorate('redisGuard', guard)
    // quit() is a command, and pends for seconds on a Redis that is down or hung.
    app.addHook('onClose', () => {
      connection.stop()
      // A Cluster forgets its nodes with the first of these.
      const nodes = nodesOf(client)
      client.disconnect()
      destroyConnections(nodes)
    })
  },
  { name: 'redis', dependencies: ['time'] },
)

function createClient(config: Config, text: string, failover: Failover): Redis | Cluster {
  const { options, node, database } = redisConnection(config, text)
  const shared = {
    ...options,
    // Commands that cannot go out now must fail now: queued ones are unbounded, and write old values over newer ones later.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    // By default what Redis expects to need, up to 10 s, however soon it has its data.
    maxLoadingRetryTime: LOADING_RETRY_MS,
    // Also waited for where the connection is closed already, by a timer that keeps the process.
    disconnectTimeout: DISCONNECT_MS,
    reconnectOnError: (error: Error) => failover.mustLeave(error),
  } satisfies RedisOptions
  const retryStrategy = (attempt: number): number => Math.min(attempt * 100, LONGEST_RECONNECT_MS)
  if (config.REDIS_CLUSTER) {
    return new Cluster([node], {
      redisOptions: shared,
      enableOfflineQueue: false,
      lazyConnect: true,
      clusterRetryStrategy: retryStrategy,
      slotsRefreshTimeout: config.REDIS_CONNECT_TIMEOUT_MS,
    })
  }
  return new Redis({ ...shared, ...node, db: database, lazyConnect: true, retryStrategy })
}

/** A former master that became a replica refuses writes until the client looks the master up anew. */
class Failover {
  /** Whether a connection is given up for this reason, from then until the next one is there or fails: no news for the log. */
  state: 'staying' | 'leaving' | 'left' = 'staying'
  readonly #time: Time
  #leftAt = -Infinity

  constructor(time: Time) {
    this.#time = time
  }

  mustLeave(error: Error): boolean {
    // Of a script, older servers put it in the middle.
    if (!error.message.includes('READONLY')) return false
    if (this.#time.clock() - this.#leftAt < READ_ONLY_LEAVE_INTERVAL_MS) return false
    this.#leftAt = this.#time.clock()
    this.state = 'leaving'
    return true
  }

  /** Whether what happens now is of that making. Not for ever: a Cluster does not say when one of its nodes is back. */
  get explains(): boolean {
    return this.state !== 'staying' && this.#time.clock() - this.#leftAt < READ_ONLY_LEAVE_MS
  }
}

/** A Redis that refuses writes (full, read-only) does so on every one of them, and is said to once a minute. */
class Refusals {
  readonly #log: FastifyBaseLogger
  readonly #redis: string
  readonly #time: Time
  #saidAt = -Infinity

  constructor(log: FastifyBaseLogger, redis: string, time: Time) {
    this.#log = log
    this.#redis = redis
    this.#time = time
  }

  report(reason: string): void {
    if (this.#time.clock() - this.#saidAt < REFUSAL_LOG_INTERVAL_MS) return
    this.#saidAt = this.#time.clock()
    this.#log.warn({ redis: this.#redis, reason }, 'Redis refuses commands')
  }
}

interface Watched {
  connection: ConnectionLog
  refusals: Refusals
  failover: Failover
  limitMs: number
  time: Time
}

/** Connection states reach the guard and the log. `refusedDatabase` says why, where the last attempt to connect ended with that. */
function watch(
  client: Redis | Cluster,
  { connection, refusals, failover, limitMs, time }: Watched,
): { guard: Guard; refusedDatabase: () => string | null } {
  const guard = new Guard(
    {
      isReady: () => client.status === 'ready',
      probe: () => client.ping(),
      recycle: () => destroyConnections(nodesOf(client)),
    },
    limitMs,
    {
      away: (reason) => {
        if (!failover.explains) connection.away(reason)
      },
      back: () => connection.connected(),
      refused: (reason) => refusals.report(reason),
    },
    time,
  )
  let reason = CLOSED
  let refusedDatabase: string | null = null
  client.on('connect', () => (refusedDatabase = null))
  client.on('error', (error: Error) => {
    // What follows from giving the connection up.
    if (refusedDatabase !== null) return
    reason = error.message
    const refusal = databaseRefusal(error)
    if (refusal === null) return
    reason = refusedDatabase = refusal
    refusals.report(refusal)
    // ioredis goes on in database 0, which is somebody else's: the connection is given up before anything is asked on it.
    client.disconnect(true)
  })
  client.on('close', () => {
    if (failover.explains && failover.state === 'leaving') {
      failover.state = 'left'
      return
    }
    failover.state = 'staying'
    connection.away(reason)
  })
  client.on('ready', () => {
    reason = CLOSED
    failover.state = 'staying'
    guard.connected()
    if (guard.available) connection.connected()
  })
  return { guard, refusedDatabase: () => refusedDatabase }
}

/**
 * Where each command passes on its way out, pipelined ones and those of the handshake too. A Cluster sends through its nodes.
 *
 * What is asked in one turn of the event loop goes out together: by itself, ioredis makes one system call a command.
 */
function watchCommands(client: Redis | Cluster, commands: { sent: number }): void {
  if (client.isCluster) {
    client.on('+node', (node: Redis) => watchCommands(node, commands))
    return
  }
  const node = client as Redis
  const send = node.sendCommand.bind(node)
  node.sendCommand = (command, stream) => {
    commands.sent++
    gather(node.stream)
    return send(command, stream)
  }
}

function gather(stream: Redis['stream'] | undefined): void {
  if (stream === undefined || stream.writableCorked > 0) return
  stream.cork()
  setImmediate(() => stream.uncork())
}

function nodesOf(client: Redis | Cluster): Redis[] {
  return client.isCluster ? (client as Cluster).nodes() : [client as Redis]
}

/** disconnect() waits for the other side to close, which a hung Redis does not. */
function destroyConnections(nodes: Redis[]): void {
  // A node that never connected has no stream, whatever its type says.
  for (const node of nodes) (node.stream as Redis['stream'] | undefined)?.destroy()
}
