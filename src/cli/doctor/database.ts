// PostgreSQL: whether it can be reached, is new enough, migrated, writable, and passes notifications on.
import type { Config } from '../../config.ts'
import { diagnoseDatabase, type DatabaseDiagnosis } from '../../db/diagnosis.ts'
import { hasEmbeddedPostgres, openEmbeddedPostgres } from '../../db/embedded/index.ts'
import { reasonOf } from '../../loading/transaction.ts'
import { clockFinding, note, ok, problem, warning, type Finding } from './finding.ts'

const OLDEST_VERSION = 15
const CHECK = 'postgresql'
/** What is wrong, by PostgreSQL's own code or the system's, and what to do about it. */
const REMEDIES: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there: start PostgreSQL, or correct host and port in DATABASE_URL',
  ENOTFOUND: 'there is no such host: correct DATABASE_URL',
  EAI_AGAIN:
    'the name cannot be looked up at the moment: correct DATABASE_URL, or the resolver of this machine',
  CONNECT_TIMEOUT: 'nothing answers: a firewall on the way, or a server that hangs',
  '28P01': 'correct user and password in DATABASE_URL',
  '28000': 'pg_hba.conf does not let this user in from here, or not without TLS',
  '3D000': 'create the database, or correct its name in DATABASE_URL',
  '53300': 'it has no connection left: raise max_connections, or lower DATABASE_POOL_MAX of the instances',
  '57P03': 'it is starting; ask again',
}

export async function databaseFindings(config: Config): Promise<Finding[]> {
  const { DATABASE_URL, DATABASE_URL_DIRECT, DATA_DIR } = config
  try {
    if (DATABASE_URL !== undefined)
      return findingsOf(await diagnoseDatabase(DATABASE_URL, DATABASE_URL_DIRECT ?? DATABASE_URL), config)
    // A look must not create a database.
    if (!hasEmbeddedPostgres(DATA_DIR))
      return [
        note(
          CHECK,
          `no DATABASE_URL, and nothing in ${DATA_DIR} yet: the first start makes an embedded one there`,
        ),
      ]
    const server = await openEmbeddedPostgres(DATA_DIR)
    try {
      return findingsOf(await diagnoseDatabase(server.url, server.url), config)
    } finally {
      await server.stop()
    }
  } catch (error) {
    const code = (error as { code?: string } | null)?.code ?? ''
    const remedy = REMEDIES[code] ?? 'the service cannot start without it; what it says should tell why'
    return [problem(CHECK, `cannot be asked: ${reasonOf(error)}`, remedy)]
  }
}

function findingsOf(facts: DatabaseDiagnosis, config: Config): Finding[] {
  const { version, versionNumber, roundTripMs } = facts
  const reached = `version ${version}, a round trip takes ${roundTripMs.toFixed(1)} ms`
  return [
    versionNumber < OLDEST_VERSION * 10_000
      ? problem(CHECK, reached, `use PostgreSQL ${OLDEST_VERSION} or newer`)
      : ok(CHECK, reached),
    migrationFinding(facts, config),
    writingFinding(facts),
    facts.isDurable
      ? ok('postgresql durability', 'what was committed survives a crash')
      : warning(
          'postgresql durability',
          'fsync or synchronous_commit is off: a crash may lose clears that were answered',
          'set both to on',
        ),
    connectionFinding(facts, config),
    facts.notifies
      ? ok('pooler', 'notifications arrive, so every instance hears of a clear at once')
      : warning(
          'pooler',
          'a notification did not arrive: most likely a pooler in transaction mode is in between. Clears hold all the same, up to a second later; migrations need a session too',
          'set DATABASE_URL_DIRECT to the server itself',
        ),
    clockFinding('postgresql clock', facts.clockAheadMs),
  ]
}

function migrationFinding(
  { missingMigrations, unknownMigrations }: DatabaseDiagnosis,
  config: Config,
): Finding {
  const check = 'migrations'
  if (missingMigrations === null || unknownMigrations === null)
    return warning(
      check,
      'this account may not see which were applied',
      'migrate by one that may, with MIGRATE_ON_START=false here',
    )
  if (missingMigrations > 0) {
    const says = `${missingMigrations} of this release are missing`
    return config.MIGRATE_ON_START
      ? note(check, says, 'the next start applies them; `barometer migrate` does so now')
      : problem(check, says, 'run `barometer migrate`')
  }
  return unknownMigrations > 0
    ? warning(
        check,
        `it has ${unknownMigrations} that this release does not know`,
        'it was migrated by a newer release: use that one here, too',
      )
    : ok(check, 'all applied')
}

function writingFinding({ isStandby, isReadOnly, missingRights }: DatabaseDiagnosis): Finding {
  const check = 'postgresql rights'
  if (isStandby)
    return problem(
      check,
      'this is a standby, which takes no clears and lags behind',
      'name the primary in DATABASE_URL',
    )
  if (isReadOnly)
    return problem(
      check,
      'it is read-only',
      'set default_transaction_read_only to off for this user and database',
    )
  return missingRights.length > 0
    ? problem(check, `missing: ${missingRights.join(', ')}`, 'grant them to the user of DATABASE_URL')
    : ok(check, 'it may read and write every table that is there')
}

function connectionFinding({ maxConnections }: DatabaseDiagnosis, { DATABASE_POOL_MAX }: Config): Finding {
  const check = 'postgresql connections'
  // And one that listens.
  const own = DATABASE_POOL_MAX + 1
  const says = `an instance takes up to ${own} of ${maxConnections}`
  if (own > maxConnections) return problem(check, says, 'lower DATABASE_POOL_MAX, or raise max_connections')
  return ok(check, `${says}: room for ${Math.floor(maxConnections / own)} instances`)
}
