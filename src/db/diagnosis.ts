// What there is to know of a PostgreSQL before the service runs on it, as facts; what they mean is for others to say.
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { getTableName, is, Table } from 'drizzle-orm'
import type { Sql } from 'postgres'
import { openPool } from './client.ts'
import { MIGRATIONS_FOLDER } from './migrate.ts'
import * as schema from './schema.ts'

export interface DatabaseDiagnosis {
  /** As people know it, such as `15.8`, and as a number, such as 150008. */
  version: string
  versionNumber: number
  roundTripMs: number
  /** Its clock less ours; as good as half a round trip. */
  clockAheadMs: number
  isEncrypted: boolean
  isStandby: boolean
  isReadOnly: boolean
  /** False where a commit that was answered may be lost in a crash. */
  isDurable: boolean
  /** Connections that this account may have at most. */
  maxConnections: number
  /** Migrations of this release that it lacks, and those that it has and this release does not know; null where this account may not look. */
  missingMigrations: number | null
  unknownMigrations: number | null
  /** `insert on cache_clears`, … of tables that are there. */
  missingRights: string[]
  /** Whether a notification arrives on the connection that listens. */
  notifies: boolean
}

const STATEMENT_LIMIT_MS = 5000
const CONNECT_LIMIT_MS = 5000
const NOTIFICATION_LIMIT_MS = 2000
const END_LIMIT_S = 1
const CHANNEL = 'barometer_doctor'
const RIGHTS = ['select', 'insert', 'update', 'delete'] as const

/**
 * @param url as the service would use it for statements. @param directUrl as it would listen.
 * @throws what postgres.js throws when it cannot be reached or asked.
 */
export async function diagnoseDatabase(url: string, directUrl: string): Promise<DatabaseDiagnosis> {
  const limits = { max: 1, statementTimeoutMs: STATEMENT_LIMIT_MS, connectTimeoutMs: CONNECT_LIMIT_MS }
  const session = openPool(url, limits)
  try {
    const state = await stateOf(session)
    const clock = await clockOf(session)
    const migrations = await migrationsOf(session)
    const missingRights = await missingRightsOf(session)
    const notifies = await isHeard(session, directUrl)
    return { ...state, ...clock, ...migrations, missingRights, notifies }
  } finally {
    await session.end({ timeout: END_LIMIT_S })
  }
}

type State = Pick<
  DatabaseDiagnosis,
  'version' | 'versionNumber' | 'isEncrypted' | 'isStandby' | 'isReadOnly' | 'isDurable' | 'maxConnections'
>

async function stateOf(session: Sql): Promise<State> {
  const [row] = await session<State[]>`
    select current_setting('server_version') as version, current_setting('server_version_num')::int as "versionNumber",
      coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as "isEncrypted",
      pg_is_in_recovery() as "isStandby", current_setting('transaction_read_only') = 'on' as "isReadOnly",
      current_setting('fsync') = 'on' and current_setting('synchronous_commit') <> 'off' as "isDurable",
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as "maxConnections"`
  if (row === undefined) throw new Error('PostgreSQL says nothing of itself')
  return row
}

async function clockOf(session: Sql): Promise<Pick<DatabaseDiagnosis, 'roundTripMs' | 'clockAheadMs'>> {
  const asked = performance.now()
  const askedAt = Date.now()
  const [row] = await session<
    { now: number }[]
  >`select extract(epoch from clock_timestamp())::float8 * 1000 as now`
  const roundTripMs = performance.now() - asked
  return { roundTripMs, clockAheadMs: (row?.now ?? askedAt) - (askedAt + roundTripMs / 2) }
}

async function migrationsOf(
  session: Sql,
): Promise<Pick<DatabaseDiagnosis, 'missingMigrations' | 'unknownMigrations'>> {
  const known = readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).map(({ hash }) => hash)
  // Without a right to the schema, merely naming the table is an error.
  const [table] = await session<{ readable: boolean }[]>`
    select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'drizzle' and c.relname = '__drizzle_migrations'`
  if (table?.readable === false) return { missingMigrations: null, unknownMigrations: null }
  const applied =
    table === undefined
      ? []
      : (await session<{ hash: string }[]>`select hash from drizzle.__drizzle_migrations`).map(
          ({ hash }) => hash,
        )
  return {
    missingMigrations: known.filter((hash) => !applied.includes(hash)).length,
    unknownMigrations: applied.filter((hash) => !known.includes(hash)).length,
  }
}

async function missingRightsOf(session: Sql): Promise<string[]> {
  const tables = Object.values(schema).flatMap((table) => (is(table, Table) ? [getTableName(table)] : []))
  const missing: string[] = []
  for (const table of tables)
    for (const right of RIGHTS) {
      // Of a table that is not there: null.
      const [row] = await session`select has_table_privilege(to_regclass(${table}), ${right}) as may`
      if (row?.['may'] === false) missing.push(`${right} on ${table}`)
    }
  return missing
}

/** A pooler in transaction mode takes LISTEN, and passes nothing on. */
async function isHeard(session: Sql, directUrl: string): Promise<boolean> {
  let heard = (): void => undefined
  const notification = new Promise<boolean>((resolve) => (heard = () => resolve(true)))
  const listener = openPool(directUrl, {
    max: 1,
    connectTimeoutMs: CONNECT_LIMIT_MS,
    handlers: { onNotification: () => heard(), onConnectionClosed: () => undefined },
  })
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), NOTIFICATION_LIMIT_MS)
  })
  try {
    await listener`listen ${listener(CHANNEL)}`
    await session`select pg_notify(${CHANNEL}, '')`
    return await Promise.race([notification, silence])
  } finally {
    clearTimeout(timer)
    await listener.end({ timeout: END_LIMIT_S })
  }
}
