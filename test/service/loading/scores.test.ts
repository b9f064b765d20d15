// Scores after any sequence of loads are those of one load of everything.
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import t from 'tap'
import { rescore } from '../../../src/loading/load.ts'
import { article, SAMPLE_BARS, startLoadingDatabase } from '../../support/loading.ts'

const database = await startLoadingDatabase(t)
const { pool, bars, articles } = database
t.beforeEach(() => database.empty())

const [header = '', ...lines] = (await readFile(SAMPLE_BARS, 'utf8')).trimEnd().split('\n')
/** Two years and a half: a year before the first score, and then some. */
const HISTORY = lines.slice(0, 640)
const csv = (rows: string[]) => [header, ...rows].join('\n')
const dateOf = (row: string) => row.slice(0, 10)
const bondRows = HISTORY.map((row, index) => {
  const close = (100 + 10 * Math.sin(index / 9)).toFixed(4)
  return `${dateOf(row)},${close},${close},${close},${close},${close},0`
}).filter((_, index) => index % 17 !== 3)
const BOND = 'BOND'
const withBond = { bondSymbol: BOND }
const asBond = { ...withBond, symbol: BOND, instrumentKind: 'bond' as const }

const press = HISTORY.flatMap((row, day) =>
  [0, 1, 2].map((turn) =>
    article(3 * day + turn, {
      published_at: `${dateOf(row)}T0${turn}:00:00Z`,
      sentiment_score: ((day * 37 + turn * 61) % 201) / 100 - 1,
    }),
  ),
)

async function snapshots(symbol = '^GSPC'): Promise<object[]> {
  return [
    ...(await pool`select as_of, score, momentum, price_strength, volume, volatility, equity_vs_bonds,
      media_sentiment, coverage, method_version
      from score_snapshots s join instruments i on i.id = s.instrument_id where i.symbol = ${symbol} order by as_of`),
  ]
}

async function fromScratch(rows = HISTORY, items = press): Promise<object[]> {
  await database.empty()
  await bars(csv(bondRows), asBond)
  await articles(items, withBond)
  await bars(csv(rows), withBond)
  return snapshots()
}

t.test('loads in any order and in any pieces give the scores of one load', async (t) => {
  const whole = await fromScratch()
  t.ok(whole.length > 300)
  t.match(whole.at(-1), { equity_vs_bonds: Number, media_sentiment: Number }, 'all components take part')
  const piece = fc.constantFrom(
    'early bars',
    'late bars',
    'early bonds',
    'late bonds',
    'early press',
    'late press',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(piece, { minLength: 6, maxLength: 6 }),
      fc.integer({ min: 1, max: 600 }),
      async (order, cut) => {
        await database.empty()
        for (const next of order) {
          const [from, to] = next.startsWith('early') ? [0, cut] : [cut, undefined]
          if (next.endsWith('bars')) await bars(csv(HISTORY.slice(from, to)), withBond)
          if (next.endsWith('bonds')) await bars(csv(bondRows.slice(from, to)), asBond)
          if (next.endsWith('press')) await articles(press.slice(from, to && 3 * to), withBond)
        }
        t.strictSame(await snapshots(), whole, `${order.join(', ')}; cut at ${cut}`)
      },
    ),
    { numRuns: 12 },
  )
})

t.test('the order in which a day’s articles came does not round the mean the other way', async (t) => {
  const day = dateOf(HISTORY[639] ?? '')
  // Added up in this order the component is 35.01, with the last two swapped it is 35.
  const three = [-0.9999, -0.7734, 0.8736].map((score, number) =>
    article(number, { published_at: day, sentiment_score: score }),
  )
  const [first, second, third] = three
  const one = await fromScratch(HISTORY, three)
  t.match(one.at(-1), { media_sentiment: /^35(\.01)?$/ })
  t.strictSame(await fromScratch(HISTORY, [first ?? {}, third ?? {}, second ?? {}]), one)
})

t.test('a corrected bar changes the scores from its day on and none before', async (t) => {
  const before = await fromScratch()
  const corrected = HISTORY.map((row, index) =>
    index === 500 ? `${dateOf(row)},1000,1100,900,1000,1000,5000000000` : row,
  )
  const day = dateOf(HISTORY[500] ?? '')
  t.match(await bars(csv([corrected[500] ?? '']), withBond), { updated: 1 })
  const after = await snapshots()
  const isEarlier = (row: object) => (row as { as_of: string }).as_of < day
  t.strictSame(after.filter(isEarlier), before.filter(isEarlier))
  t.notSame(after, before)
  t.strictSame(after, await fromScratch(corrected))
})

t.test('articles that move, lose their score or only change their text', async (t) => {
  const before = await fromScratch()
  const day = dateOf(HISTORY[600] ?? '')
  const moved = press.map((each, index) =>
    index >= 1500 && index < 1530
      ? { ...each, published_at: `${day}T09:00:00Z` }
      : index >= 1600 && index < 1610
        ? { ...each, sentiment_score: null }
        : each,
  )
  const report = await articles(moved.slice(1400, 1700), withBond)
  t.match(report, { updated: 40, unchanged: 260 })
  t.ok((report.scoresChanged ?? 0) > 5)
  const after = await snapshots()
  t.notSame(after, before)
  t.strictSame(after, await fromScratch(HISTORY, moved))
  const silenced = moved.map((each, index) => (index === 1580 ? { ...each, sentiment_score: null } : each))
  t.match(
    await articles(silenced.slice(1575, 1605), withBond),
    { updated: 1, scoresChanged: Number },
    'a score that goes counts as well',
  )
  t.strictSame(await snapshots(), await fromScratch(HISTORY, silenced))
  t.match(await articles([{ ...moved[1500], title: 'Another title' }], withBond), {
    updated: 1,
    scoresChanged: 0,
  })
})

t.test('scores that a correction takes the ground from are deleted', async (t) => {
  await database.empty()
  await bars(csv(HISTORY.slice(0, 275)))
  const [{ count } = { count: 0 }] = await pool<{ count: number }[]>`select count(*) from score_snapshots`
  t.equal(count, 4, 'sessions 272 to 275')
  // One price all along: no range for price_strength, and no volume on rising sessions means nothing either.
  const flat = HISTORY.slice(0, 275).map((row) => `${dateOf(row)},10,10,10,10,10,0`)
  t.match(await bars(csv(flat)), { updated: 275, scoresChanged: 4 })
  t.strictSame(await snapshots(), [])
})

t.test('only an index has scores: they go with the kind and come with it', async (t) => {
  await fromScratch()
  const row = csv(HISTORY.slice(0, 1))
  const had = await snapshots()
  t.strictSame(await snapshots(BOND), [])
  t.match(await bars(row, { ...withBond, instrumentKind: 'equity' }), {
    unchanged: 1,
    scoresChanged: had.length,
  })
  t.strictSame(await snapshots(), [])
  t.match(await bars(row, { ...withBond, instrumentKind: 'index' }), { scoresChanged: had.length })
  t.strictSame(await snapshots(), had)
})

t.test('every index follows the bonds and the press, and one index not the other', async (t) => {
  await fromScratch()
  t.match(await bars(csv(HISTORY), { ...withBond, symbol: 'TWIN' }), { inserted: 640 })
  const twin = await snapshots('TWIN')
  t.strictSame(twin, await snapshots())
  await bars(csv([`${dateOf(HISTORY[600] ?? '')},9,9,9,9,9,9`]), { ...withBond, symbol: 'TWIN' })
  t.notSame(await snapshots('TWIN'), twin)
  t.strictSame(await snapshots(), twin)
  await articles(
    [article(9_000_000, { published_at: dateOf(HISTORY[639] ?? ''), sentiment_score: -1 })],
    withBond,
  )
  t.notSame((await snapshots()).at(-1), twin.at(-1))
  t.notSame((await snapshots('TWIN')).at(-1), twin.at(-1))
})

t.test('a change of the bond instrument is put right by rescore', async (t) => {
  const withBonds = await fromScratch()
  t.match(await rescore(pool), { scoresChanged: Number })
  t.match((await snapshots()).at(-1), { equity_vs_bonds: null })
  await rescore(pool, BOND)
  t.strictSame(await snapshots(), withBonds)
  t.strictSame(await rescore(pool, BOND), { scoresChanged: 0 })
})
