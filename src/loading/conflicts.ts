// Staged bars that cannot all be true: of several instruments, or different ones of one date. None of them is loaded, as nobody can tell which is right.
import type { TransactionSql } from 'postgres'
import { REJECTIONS_KEPT, type LoadReport, type Rejection } from './report.ts'

interface Gone {
  line: number
  item: number | null
  /** How many went altogether. */
  count: number
}

/** Takes them out of `staged_bars` and counts them as rejected. */
export async function rejectConflicts(session: TransactionSql, report: LoadReport): Promise<void> {
  const strangers = await session<(Gone & { label: string })[]>`
    with gone as (
      delete from staged_bars where label is not null
        and (select count(distinct coalesce(label, '')) > 1 from staged_bars)
      returning position, line, item, label
    )
    select line, item, label, (select count(*) from gone) as count from gone order by position limit ${REJECTIONS_KEPT}`
  reject(report, strangers, ({ label }) => ({
    field: /^\w+/.exec(label)?.[0] ?? null,
    reason: `${label}: other records say otherwise, and a load is of one instrument`,
  }))

  const contradictory = await session<
    (Gone & { date: string; times: number; first: number; last: number })[]
  >`
    with twice as (
      select date, count(*) as times, min(coalesce(item, line)) as first, max(coalesce(item, line)) as last
      from staged_bars group by date
      having count(*) > 1 and (min(open), min(high), min(low), min(close), min(volume))
        is distinct from (max(open), max(high), max(low), max(close), max(volume))
    ), gone as (
      delete from staged_bars s using twice t where s.date = t.date
      returning s.position, s.line, s.item, s.date, t.times, t.first, t.last
    )
    select line, item, date::text, times, first, last, (select count(*) from gone) as count
    from gone order by position limit ${REJECTIONS_KEPT}`
  reject(report, contradictory, ({ date, times, first, last, item }) => ({
    field: 'date',
    reason: `${date} is there ${times} times with different values, from ${item === null ? 'line' : 'item'} ${first} to ${last}; bars are daily, one for each date`,
  }))
}

function reject<Row extends Gone>(
  report: LoadReport,
  rows: readonly Row[],
  explain: (row: Row) => Pick<Rejection, 'field' | 'reason'>,
): void {
  const [first] = rows
  if (first === undefined) return
  report.rejected += first.count
  const added = rows.map((row): Rejection => {
    const { line, item } = row
    return { ...(item === null ? { line } : { line, item }), ...explain(row) }
  })
  report.rejections = [...report.rejections, ...added]
    .sort((one, other) => one.line - other.line || (one.item ?? 0) - (other.item ?? 0))
    .slice(0, REJECTIONS_KEPT)
}
