// Figures of analyses: asked for seldom, not known where nobody answers, and amounts never added across currencies.
import t from 'tap'
import { hitShare, returnOf, totalOf, amountsOf, type Reckoned } from '../../../src/analyses/reckoning.ts'
import type { AnalyserFigures } from '../../../src/db/analysis-figures.ts'
import type { Database } from '../../../src/db/client.ts'
import { AnalysisFigures } from '../../../src/stats/analyses.ts'
import { gate } from '../../support/gate.ts'
import { manualTime } from '../../support/manual-time.ts'

const NOTHING = { calls: 0, failures: 0, hits: 0, shared: 0, spent: 0n, saved: 0n }
const row = (currency: string, counts: Partial<Reckoned> = {}) => ({ ...NOTHING, ...counts, currency })

t.test('PostgreSQL is asked once a second at most, once at a time', async (t) => {
  const time = manualTime()
  let asked = 0
  let answer = gate<AnalyserFigures[]>()
  const rows = () => {
    asked++
    return answer.promise
  }
  const figures = new AnalysisFigures({ rows } as unknown as Database, time)
  const first = figures.refresh(1000)
  await time.advance(5000)
  void figures.refresh(1000)
  t.equal(asked, 1, 'the first one is not answered yet')
  t.equal(figures.rows, null)
  answer.open([])
  await first
  t.strictSame(figures.rows, [])
  answer = gate()
  void figures.refresh(1000)
  t.equal(asked, 2)
  t.strictSame(figures.rows, [], 'what it said before has to do')
  answer.fail(new Error('away'))
  await figures.refresh(1000)
  t.equal(figures.rows, null, 'what was true is not known to be so any more')
  await figures.refresh(1000)
  await time.advance(999)
  await figures.refresh(1000)
  t.equal(asked, 2)
  await time.advance(1)
  void figures.refresh(1000)
  t.equal(asked, 3)
})

t.test('what is left of a budget is never less than nothing', async (t) => {
  const spent = { name: 'paid', currency: 'EUR', spentTodayMicros: '12' } as AnalyserFigures
  const figures = new AnalysisFigures(
    { rows: () => Promise.resolve([spent]) } as unknown as Database,
    manualTime(),
  )
  await figures.refresh(0)
  const analyser = (dailyBudgetMicros: bigint | null, currency = 'EUR') =>
    ({ name: 'paid', currency, dailyBudgetMicros }) as Parameters<typeof figures.budgets>[0] extends Iterable<
      infer One
    >
      ? One
      : never
  const left = (...asked: Parameters<typeof analyser>) =>
    figures.budgets([analyser(...asked)]).map(({ leftMicros }) => leftMicros)
  t.strictSame([left(20n), left(10n), left(null), left(20n, 'USD')], [[8n], [0n], [], [20n]])
})

t.test('amounts of one currency are added; of several they are not, and a free analyser is of none', (t) => {
  const paid = row('USD', { calls: 1, hits: 3, spent: 2000n, saved: 6000n })
  const one = totalOf([row('EUR', { calls: 9 }), paid])
  t.strictSame(
    [one.currency, one.calls, amountsOf(one), returnOf(one)],
    ['USD', 10, { spent: '0.002', saved: '0.006' }, 3],
  )
  const two = totalOf([row('EUR', { saved: 1n }), paid])
  t.strictSame([two.currency, amountsOf(two), returnOf(two)], [null, { spent: null, saved: null }, null])
  t.strictSame([totalOf([]).currency, totalOf([row('EUR'), row('USD')]).currency], [null, 'EUR'])
  t.equal(hitShare(row('EUR', { calls: 3, failures: 1, hits: 1, shared: 1 })), 0.5)
  t.equal(hitShare(row('EUR', { calls: 1, failures: 1 })), null)
  t.end()
})
