// Scores follow the clear log: what is pending is computed once, by whoever comes first, and by those who keep them with the settings of now.
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { scorePending } from '../../../src/loading/pending-scores.ts'
import { METHOD_VERSION } from '../../../src/score/method.ts'
import { inTransaction } from '../../../src/db/transaction.ts'
import { gate } from '../../support/gate.ts'
import { until } from '../../support/until.ts'
import { startService } from '../../support/service.ts'
import { article, SAMPLE_BARS, startLoadingDatabase } from '../../support/loading.ts'

const database = await startLoadingDatabase(t)
const { pool, bars, articles } = database
const options = { pool, bondSymbol: undefined }
const later = { leavesScores: true }
/** The first of the sample: a year before the first score, and then some. */
const HISTORY = (await readFile(SAMPLE_BARS, 'utf8')).split('\n').slice(0, 641)
const SCORES = 640 - 271
const [DAY_BEFORE = '', LAST_DAY = ''] = HISTORY.slice(-2).map((line) => line.slice(0, 10))

t.beforeEach(async () => {
  await database.empty()
  await bars(HISTORY.join('\n'), later)
  await bars(HISTORY.join('\n'), { ...later, symbol: 'TWIN' })
})

const scores = async (symbol: string) =>
  (
    await pool<{ count: number }[]>`
      select count(*) from score_snapshots s join instruments i on i.id = s.instrument_id where symbol = ${symbol}`
  )[0]!.count
const setBar = (symbol: string, close: number) =>
  pool`update daily_bars set close = ${close}, low = 1 where date = ${LAST_DAY}
    and instrument_id = (select id from instruments where symbol = ${symbol})`

t.test('what is pending is computed once, however many come, and then nothing is', async (t) => {
  const outcomes = await Promise.all([1, 2, 3].map(() => scorePending({ ...options, waits: true })))
  t.strictSame(outcomes.map(({ outcome }) => outcome).sort(), ['done', 'nothing', 'nothing'])
  t.strictSame([await scores('^GSPC'), await scores('TWIN')], [SCORES, SCORES])
  t.match(await scorePending(options), { outcome: 'nothing', changed: 0 }, 'its own writing is no reason')
})

t.test('only what a change can reach', async (t) => {
  await scorePending(options)
  // Not what a computation would come to: whoever computes it, puts it right.
  await pool`update score_snapshots set score = -1 where as_of = ${DAY_BEFORE}`
  t.equal((await scorePending(options)).outcome, 'nothing')
  await setBar('^GSPC', 2000)
  t.match(await scorePending(options), { outcome: 'done', changed: 2 }, 'those of its index')
  await articles([article(1)], later)
  t.equal((await scorePending(options)).outcome, 'nothing', 'an article without a score')
  await pool`insert into instruments (symbol, name, kind) values ('TINY', 'Tiny', 'equity')`
  t.match(await scorePending(options), { outcome: 'done', changed: 0 })
  await articles([article(2, { sentiment_score: 1 })], later)
  t.match(await scorePending(options), { outcome: 'done', changed: 1 }, 'every index: that of TWIN, too')
})

t.test('a bar of the bond instrument reaches every index', async (t) => {
  const withBond = { pool, bondSymbol: 'TWIN' }
  await scorePending(withBond)
  await setBar('TWIN', 10)
  t.equal((await scorePending(withBond)).changed, 2)
})

t.test('who comes while somebody is at it is told so; when that one dies, it goes on', async (t) => {
  const other = openPool(database.server.url, { max: 1 })
  t.teardown(() => other.end({ timeout: 0 }))
  const [held, never] = [gate(), gate()]
  const dying = inTransaction(other, async (session) => {
    await session`select pg_advisory_xact_lock(${0x73636f72})`
    await session`delete from score_snapshots`
    held.open()
    await never.promise
  }).catch(() => 'dead')
  await held.promise
  t.equal((await scorePending(options)).outcome, 'busy')
  const waiting = scorePending({ ...options, waits: true })
  await database.server.sql`
    select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
    where l.locktype = 'advisory' and l.granted and d.datname = current_database()`
  t.equal(await dying, 'dead')
  t.equal((await waiting).changed, 2 * SCORES)
})

t.test(
  'another method version or bond instrument: all anew at a start; others leave it, unless it stays undone',
  async (t) => {
    await scorePending(options)
    await pool`update score_state set method_version = ${METHOD_VERSION - 1}`
    await pool`update score_snapshots set method_version = ${METHOD_VERSION - 1}`
    t.equal((await scorePending(options)).outcome, 'nothing')
    await setBar('^GSPC', 2000)
    t.match(await scorePending(options), { outcome: 'left', changed: 0 })
    await pool`update cache_clears set cleared_at = now() - interval '1 minute'`
    t.match(await scorePending(options), { outcome: 'done', changed: 2 * SCORES })
    const withBond = { pool, bondSymbol: 'TWIN' }
    t.equal((await scorePending(withBond)).outcome, 'nothing')
    t.ok((await scorePending({ ...withBond, insists: true })).changed > SCORES)
    t.match(await scorePending({ ...withBond, insists: true }), { outcome: 'nothing', changed: 0 })
  },
)

t.test('a log that is another one than the scores followed', async (t) => {
  await scorePending(options)
  await pool`update score_snapshots set score = -1`
  await pool`truncate cache_clears`
  t.equal((await scorePending(options)).changed, 2 * SCORES)
})

t.test(
  'a service brings them up to date at its start, and after each change, with rests in between',
  async (t) => {
    const service = await startService(t, { DATABASE_URL: database.server.url })
    await until('the scores', async () => (await scores('TWIN')) === SCORES)
    const computed = (): number => service.log.filter(({ msg }) => msg === 'scores computed').length
    await until('its log line', () => computed() === 1)
    const CHANGES = 60
    for (let change = 0; change < CHANGES; change++) await setBar('^GSPC', 2000 + change)
    await until('the last of them', async () => {
      const [row] = await pool<{ done: boolean }[]>`
      select position >= (select max(seq) from cache_clears where selector = 'volume:^GSPC') as done from score_state`
      return row!.done
    })
    t.ok(computed() < CHANGES / 2, `${computed()} computations of ${CHANGES} changes`)
    await service.close()
    t.strictSame(
      // Pruning has half a second, and another time.
      service.log.filter(({ level, msg }) => level > 30 && !msg.startsWith('old announcements stay')),
      [],
    )
  },
)

t.test('a deleted instrument and its scores do not lock each other out', async (t) => {
  await scorePending(options)
  for (let turn = 0; turn < 5; turn++) {
    await setBar('TWIN', 1000 + turn)
    const deleting = pool`
      with bars as (
        delete from daily_bars where instrument_id = (select id from instruments where symbol = 'TWIN'))
      delete from instruments where symbol = 'TWIN'`.execute()
    await Promise.all([deleting, scorePending({ ...options, waits: true })])
    t.equal(await scores('TWIN'), 0)
    await bars(HISTORY.join('\n'), { ...later, symbol: 'TWIN' })
    await scorePending({ ...options, waits: true })
  }
})
