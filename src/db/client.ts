// The connections to PostgreSQL: one pool for single statements, which share a time limit, and one for transactions.
import type { SQL } from 'drizzle-orm'
import postgres from 'postgres'
import { SYSTEM_TIME, type Time } from '../time/time.ts'
import { listenTo, type Handlers, type Notifications } from './notifications.ts'
import { StatementRunner, type PoolUsage } from './statements.ts'

export interface DatabaseOptions {
  url: string
  /** The same database without a pooler in between; `url` unless given. */
  directUrl?: string | undefined
  /** Connections opened at most, for statements and transactions together; fewer than two count as two. */
  poolMax: number
  /** Limit of one statement in milliseconds, waiting for a connection included. */
  statementTimeoutMs: number
  /** Injected by tests. */
  time?: Time
}

export interface Database {
  /**
   * Runs one statement, which may be run once more where the connection is lost, and returns its rows, keyed by column name: bigint as number, dates and timestamps as PostgreSQL's text.
   *
   * @param values of its placeholders, by name. Where one `SQL` is asked again and again with other values, it is compiled once.
   * @throws DatabaseUnavailable when PostgreSQL is away, too busy or over the time limit; PostgreSQL's own error otherwise.
   */
  rows<Row>(statement: SQL, values?: Readonly<Record<string, unknown>>): Promise<Row[]>
  /** How busy `rows` is now. */
  usage(): PoolUsage
  /** For transactions and COPY; whoever uses it sets the limits. Connections of its own: slow reads do not keep a clear waiting. */
  pool: postgres.Sql
  /** One connection of its own, without a limit of statements, for what may take long; whoever opens it ends it. */
  connect(): postgres.Sql
  /** One connection, without a limit, for what takes long and nobody waits for: in `pool` it would keep the clear log, and with it the lease, waiting. */
  background: postgres.Sql
  /** Calls back for each notification on a channel, and whenever some may have been missed. Takes a connection of its own. */
  listen(channel: string, heard: () => void): Notifications
  close(): Promise<void>
}

/** Text in, text out: a Date is cut to milliseconds and lives in a time zone. */
const AS_TEXT = { serialize: (value: string) => value, parse: (value: string) => value }
const TYPES = {
  date: { to: 1082, from: [1082], ...AS_TEXT },
  timestamp: { to: 1184, from: [1114, 1184], ...AS_TEXT },
  bigint: { to: 20, from: [20], serialize: String, parse: Number },
}
const CONNECT_LIMIT_MS = { least: 1000, most: 5000 }
const FIRST_PAUSE_S = 0.05
/** By default postgres.js pauses for up to 20 s: who asks meanwhile waits for that, and a server that is back is not noticed for as long. */
const LONGEST_PAUSE_S = 0.1
const IDLE_TIMEOUT_S = 300
const END_TIMEOUT_S = 2

export interface PoolOptions {
  /** Connections at most. */
  max: number
  /** The server ends statements after so long; none is ended unless given. */
  statementTimeoutMs?: number
  /** Limit of making one connection, handshake included. */
  connectTimeoutMs?: number
  /** For a connection that listens: it is kept when idle. */
  handlers?: Handlers
}

/** Opens a postgres.js pool with this project's types and a session in UTC. Connections are made when first needed. */
export function openPool(url: string, options: PoolOptions): postgres.Sql {
  const { max, statementTimeoutMs, connectTimeoutMs = CONNECT_LIMIT_MS.most, handlers } = options
  return postgres(url, {
    max,
    connect_timeout: connectTimeoutMs / 1000,
    backoff: (failures) => Math.min(FIRST_PAUSE_S * 2 ** failures, LONGEST_PAUSE_S),
    ...(handlers === undefined
      ? { idle_timeout: IDLE_TIMEOUT_S }
      : // Taken by postgres.js, which uses it for its own `listen`, and not in its types: that gives up after one failed attempt to come back.
        { onnotify: handlers.onNotification, onclose: handlers.onConnectionClosed }),
    onnotice: () => undefined,
    types: TYPES,
    // A round trip for each connection, for arrays, which no statement here has; and one that ends meanwhile rejects what nobody waits for.
    fetch_types: false,
    connection: {
      application_name: 'barometer',
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      ...(statementTimeoutMs === undefined ? {} : { statement_timeout: statementTimeoutMs }),
    },
  })
}

/** Connects when first asked. */
export function openDatabase({
  url,
  directUrl = url,
  poolMax,
  statementTimeoutMs,
  time = SYSTEM_TIME,
}: DatabaseOptions): Database {
  const forTransactions = Math.ceil(poolMax / 4)
  const forStatements = Math.max(1, poolMax - forTransactions)
  const { least, most } = CONNECT_LIMIT_MS
  const connectTimeoutMs = Math.min(Math.max(statementTimeoutMs, least), most)
  const pool = openPool(url, { max: forTransactions, statementTimeoutMs })
  const background = openPool(url, { max: 1 })
  const statements = new StatementRunner({
    open: () => openPool(url, { max: 1, statementTimeoutMs, connectTimeoutMs }),
    connections: forStatements,
    limitMs: statementTimeoutMs,
    connectLimitMs: connectTimeoutMs + LONGEST_PAUSE_S * 1000,
    time,
  })
  return {
    rows: (statement, values) => statements.run(statement, values),
    usage: () => statements.usage,
    pool,
    connect: () => openPool(url, { max: 1 }),
    background,
    listen: (channel, heard) =>
      listenTo((handlers) => openPool(directUrl, { max: 1, handlers }), channel, heard, time),
    close: async () => {
      await Promise.all([
        statements.close(),
        pool.end({ timeout: END_TIMEOUT_S }),
        // What is cut off here goes on with the next start, or on another instance.
        background.end({ timeout: 0 }),
      ])
    },
  }
}
