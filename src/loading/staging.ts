// Brings accepted rows into a temporary table by COPY, so that a file of any size passes through constant memory.
import type { TransactionSql } from 'postgres'
import { copyLine, copyLines } from './copy.ts'
import { REJECTIONS_KEPT, RowsRejected, type LoadReport, type Parsed } from './report.ts'

export type OnError = 'skip' | 'abort'

/** A temporary table like the real one. */
export interface Staging<Row extends object> {
  table: string
  /** Of each field of a row, its type in SQL. */
  columns: Record<keyof Row & string, string>
  /** The columns that identify a row. */
  key: keyof Row & string
  /** Takes out rows that cannot all be true. They are found by `line` and `item`, columns that are added for it. */
  rejectConflicts?: (session: TransactionSql, report: LoadReport) => Promise<void>
}

/**
 * Stages every accepted row with its place among them (`position`) and counts the rest in the report. Of rows with the same key the last one
 * stays. The temporary table goes with the transaction.
 *
 * @throws RowsRejected with `abort`, when the input has ended or as many rejections are known as are listed.
 */
export async function stageRows<Row extends object>(
  session: TransactionSql,
  { table, columns, key, rejectConflicts }: Staging<Row>,
  batches: AsyncIterable<Parsed<Row>[]>,
  report: LoadReport,
  onError: OnError,
): Promise<void> {
  const names = Object.keys(columns) as (keyof Row & string)[]
  const definitions = names.map((name) => `${name} ${columns[name]}`)
  if (rejectConflicts !== undefined) definitions.push('line bigint', 'item bigint')
  await session.unsafe(
    `create temp table ${table} (position bigint not null, ${definitions.join(', ')}) on commit drop`,
  )
  await copyLines(session, table, acceptedLines())
  await rejectConflicts?.(session, report)
  if (onError === 'abort' && report.rejected > 0) throw new RowsRejected(report)

  await session.unsafe(`analyze ${table}`)
  const replaced = await session.unsafe(`
    delete from ${table} s using (
      select ${key}, max(position) as position from ${table} group by ${key} having count(*) > 1
    ) last
    where s.${key} = last.${key} and s.position < last.position`)
  report.duplicates = replaced.count

  async function* acceptedLines(): AsyncGenerator<string> {
    for await (const batch of batches) {
      let lines = ''
      for (const parsed of batch) {
        report.read += 1
        if ('reason' in parsed) {
          report.rejected += 1
          if (report.rejections.length < REJECTIONS_KEPT) report.rejections.push(parsed)
          else if (onError === 'abort') throw new RowsRejected(report)
          continue
        }
        const row = parsed.row as Record<string, string | number | null>
        const values = names.map((name) => row[name] ?? null)
        if (rejectConflicts !== undefined) values.push(parsed.line, parsed.item ?? null)
        lines += copyLine([report.read, ...values])
      }
      yield lines
    }
  }
}
