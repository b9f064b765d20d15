// What the service's statements were, by PostgreSQL's own log of them: each is in it when it begins, whatever becomes of it.
import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { Test } from 'tap'
import { until } from './until.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

/**
 * What the library that starts the server waits for on its standard error. With a collector of log lines there is nothing but the name of the
 * directory where they go; so that is it, and whether the server is ready has to be asked.
 */
const READY = 'database system is ready to accept connections'

const SETTINGS = [
  'logging_collector=on',
  `log_directory=${READY}`,
  'log_destination=jsonlog',
  'log_statement=all',
  'log_filename=statements.log',
  'log_rotation_age=0',
  'log_rotation_size=0',
]

/** A statement that reads, of an instance or a test's own: none of those asks by a parameter. */
const READS = /^execute [^:]*:\s*(select|with)\b/

interface LogLine {
  application_name?: string
  message: string
  detail?: string
}

export interface StatementLog {
  /** How many statements of the service that read had this text as a parameter so far. */
  count(parameter: string): Promise<number>
}

/** A PostgreSQL as others for tests, which notes its statements. */
export async function startPostgresWithLog(t: Test): Promise<{ postgres: TestPostgres; log: StatementLog }> {
  const postgres = await startPostgres(t, SETTINGS)
  await until('the server to be ready', () => postgres.sql`select`.then(() => true).catch(() => false))
  const log = await openStatementLog(postgres)
  return { postgres, log }
}

async function openStatementLog({ sql }: TestPostgres): Promise<StatementLog> {
  const [at] = await sql<{ directory: string; file: string }[]>`
    select current_setting('data_directory') as directory, pg_current_logfile('jsonlog') as file`
  const file = await open(path.join(at!.directory, at!.file))
  const parameters: string[] = []
  let position = 0
  let rest = ''
  /** Reads on, and returns whether a line with this text has come. */
  const readOn = async (mark: string): Promise<boolean> => {
    let isThere = false
    const buffer = Buffer.alloc(1 << 20)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) return isThere
      position += bytesRead
      // Bytes as characters: all that is looked for is ASCII.
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const { application_name: name, message, detail } = JSON.parse(line) as LogLine
        if (message.includes(mark)) isThere = true
        if (name === 'barometer' && detail !== undefined && READS.test(message)) parameters.push(detail)
      }
    }
  }
  return {
    count: async (parameter) => {
      // Backends write their lines in the order of events, and a process of its own to the file, a little later.
      const mark = randomUUID()
      await sql.unsafe(`select '${mark}'`)
      await until('the log to be written', () => readOn(mark))
      return parameters.filter((detail) => detail.includes(`'${parameter}'`)).length
    },
  }
}
