// PostgreSQL killed, hung, blocked or restarted: what was answered before is answered still, all else is refused in time, and nothing piles up.
import { spawnSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { until } from '../../support/until.ts'
import { openPool } from '../../../src/db/client.ts'
import { load } from '../../../src/loading/load.ts'
import { startCallers, type Reply } from '../../support/callers.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startServiceProcess } from '../../support/processes.ts'
import { ROOT } from '../../support/root.ts'
import { sizeOf } from '../../support/sizes.ts'
import { createDatabase } from '../../support/databases.ts'
import { isProblem, send } from '../../support/http.ts'

const STATEMENT_LIMIT_MS = 5000
/** How long a load may take where there is an expired answer. */
const PATIENCE_MS = 500
/** How long the first requests after a quiet spell wait for the lease. */
const LEASE_PATIENCE_MS = 250
/** For a busy machine. */
const MARGIN_MS = 3000
const CLEAN_LIMIT_MS = 5000
/** Of two connections one is for statements. */
const WAITING_AT_MOST = 100
const RUNNING_AT_MOST = 1
const BURST = 1000
const BURSTS = sizeOf('BURSTS')
const GROWTH_LIMIT_MB = 64
const ROUNDS = 10
/** So many that one in which the machine was busy is not a tenth of them. */
const ROUNDS_OF_OLD = 30
const LOOK_PAUSE_MS = 50

const postgres = await startPostgres(t)
const database = await createDatabase(postgres)
const pool = openPool(database, { max: 2 })
t.teardown(() => pool.end({ timeout: 0 }))
const sample = (name: string) => createReadStream(path.join(ROOT, 'sample', name))
await load({ pool, kind: 'articles', input: sample('articles.ndjson') })
await load({ pool, kind: 'bars', symbol: '^GSPC', input: sample('sp500-daily-2000-2020.csv') })

const service = await startServiceProcess(t, {
  DATABASE_URL: database,
  DATABASE_POOL_MAX: '2',
  DATABASE_STATEMENT_TIMEOUT_MS: String(STATEMENT_LIMIT_MS),
  // So short that what is under the faults is expired.
  CACHE_TTL_MEDIA: '1',
  CACHE_TTL_REFERENCE: '1',
  // What is tested here is not how much a machine can do.
  PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
})
const callers = startCallers(t, service.url, BURST + 50)

/** Of each route. The first ones are made of articles alone. */
const OF_ARTICLES = [
  ...Array.from({ length: 10 }, (_, index) => `/api/v1/media/${index + 1}`),
  ...Array.from({ length: 5 }, (_, index) => `/api/v1/media/latest?limit=${index + 1}`),
  '/api/v1/media/sources',
  '/api/v1/media/sentiment-stats',
]
const CACHED = [
  ...OF_ARTICLES,
  '/api/v1/volume',
  '/api/v1/volume/latest',
  '/api/v1/volume/stats',
  '/api/v1/volume/trend',
  '/api/v1/score',
  '/api/v1/score/latest',
  '/api/v1/overview',
]
const bodies = new Map<string, string>()
let nextCold = 0
/** Never asked for before. */
const cold = (): string => `/api/v1/media/latest?offset=${++nextCold}`

/** The overview says when it was read. */
function timeless(body: string): string {
  return body.replace(/"updated_at":"[^"]*"/, '')
}

interface Timed extends Reply {
  path: string
  ms: number
}

async function ask(path: string): Promise<Timed> {
  const began = performance.now()
  const reply = await callers.get(path)
  return { ...reply, path, ms: performance.now() - began }
}

/** What is wrong with answers to paths that were answered before. */
function wrong(replies: Timed[], marks: RegExp): string[] {
  return replies
    .filter(
      ({ path, status, from, body }) =>
        status !== 200 || !marks.test(from) || timeless(body) !== timeless(bodies.get(path) ?? ''),
    )
    .map(({ path, status, from, body }) => `${path}: ${status} ${from} ${body.slice(0, 200)}`)
}

const CLEAN = /^(HIT|MISS)$/
const OLD = /^(HIT|STALE)$/

/** From now, the moment at which PostgreSQL is back: all as if nothing had been, soon and for good. */
async function isCleanSoon(t: Test): Promise<void> {
  const began = performance.now()
  const round = async (): Promise<string[]> => {
    const news = await ask(cold())
    // One after another: in line for a connection they would wait for each other.
    const replies: Timed[] = []
    for (const path of CACHED) replies.push(await ask(path))
    return [...wrong(replies, CLEAN), ...(news.status === 200 && CLEAN.test(news.from) ? [] : [news.body])]
  }
  await until('all to be clean', round, (faults) => faults.length === 0)
  const ms = performance.now() - began
  t.ok(ms < CLEAN_LIMIT_MS, `clean again after ${Math.round(ms)} ms`)
  for (let count = 0; count < ROUNDS; count++) t.strictSame(await round(), [], 'and it stays so')
}

/** While PostgreSQL does not answer what `expired` is made of. */
async function oldAnswersAreGiven(t: Test, expired: string[]): Promise<void> {
  const first = await Promise.all(CACHED.map(ask))
  t.strictSame(wrong(first, OLD), [], 'the first requests')
  const slowest = Math.max(...first.map(({ ms }) => ms))
  t.ok(slowest < LEASE_PATIENCE_MS + PATIENCE_MS + MARGIN_MS, `the slowest took ${Math.round(slowest)} ms`)
  await until('all to be expired', async () => (await Promise.all(expired.map(ask))).every(isStale))
  const later: Timed[] = []
  // They come to loads that have taken long already.
  for (let count = 0; count < ROUNDS_OF_OLD; count++) later.push(...(await Promise.all(CACHED.map(ask))))
  t.strictSame(wrong(later, OLD), [], 'later ones')
  t.ok(later.filter(isStale).length >= expired.length * ROUNDS_OF_OLD * 0.9, 'marked for what they are')
  const times = later.map(({ ms }) => Math.round(ms)).sort((a, b) => a - b)
  const [middle, most, longest] = [0.5, 0.9, 1].map((share) => times[Math.ceil(times.length * share) - 1]!)
  t.comment(`later ones: ${middle} / ${most} / ${longest} ms`)
  t.ok(middle! < LEASE_PATIENCE_MS / 2, `at once: the middle one after ${middle} ms`)
  t.ok(most! < PATIENCE_MS, `nine of ten within ${most} ms`)
  t.ok(longest! < LEASE_PATIENCE_MS + PATIENCE_MS + MARGIN_MS, `the slowest took ${longest} ms`)
}

function isStale({ from }: Reply): boolean {
  return from === 'STALE'
}

async function newOnesAreRefused(t: Test): Promise<void> {
  const began = performance.now()
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(service, cold())))
  const ms = performance.now() - began
  t.ok(ms < STATEMENT_LIMIT_MS + LEASE_PATIENCE_MS + MARGIN_MS, `refused within ${Math.round(ms)} ms`)
  for (const answer of answers) {
    isProblem(t, answer, 'database_unavailable')
    t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
  }
}

function story(name: string, act: (t: Test) => Promise<void>): void {
  t.test(name, async (t) => {
    const replies = await Promise.all(CACHED.map(ask))
    replies.forEach(({ path, body }) => bodies.set(path, body))
    t.strictSame(wrong(replies, CLEAN), [], 'all is well')
    await act(t)
    await isCleanSoon(t)
  })
}

story('killed, started again', async (t) => {
  await postgres.kill()
  await oldAnswersAreGiven(t, CACHED)
  await newOnesAreRefused(t)
  await oldAnswersAreGiven(t, CACHED)
  await postgres.start()
})

story('hung, woken', async (t) => {
  postgres.pause()
  await oldAnswersAreGiven(t, CACHED)
  await newOnesAreRefused(t)
  await oldAnswersAreGiven(t, CACHED)
  postgres.resume()
})

/** Statements on articles wait for it. */
async function blockArticles(t: Test): Promise<() => Promise<void>> {
  const sessions = openPool(database, { max: 1 })
  t.teardown(() => sessions.end({ timeout: 0 }))
  // postgres.js reserves none but a connection that is made already.
  await sessions`select 1`
  const session = await sessions.reserve()
  await session`begin`
  await session`lock table media_articles in access exclusive mode`
  let isHeld = true
  const release = async (): Promise<void> => {
    if (!isHeld) return
    isHeld = false
    await session`rollback`
    session.release()
  }
  t.teardown(release)
  return release
}

function residentMb(): number {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(service.pid)], { encoding: 'utf8' })
  return Number(stdout) / 1024
}

story(`every connection taken, and ${BURST} requests at a time for what is not there`, async (t) => {
  const release = await blockArticles(t)
  await oldAnswersAreGiven(t, OF_ARTICLES)
  await newOnesAreRefused(t)
  const sizes: number[] = []
  for (let burst = 0; burst < BURSTS; burst++) {
    let running = 0
    const asked = Promise.all(Array.from({ length: BURST }, () => ask(cold())))
    const isOver = asked.then(() => true)
    do {
      const [row] = await postgres.sql<{ count: number }[]>`
        select count(*)::int from pg_stat_activity
        where application_name = 'barometer' and state = 'active' and query ~ 'media_articles'`
      running = Math.max(running, row!.count)
    } while (!(await Promise.race([isOver, sleep(LOOK_PAUSE_MS, false)])))
    const replies = await asked
    t.strictSame(new Set(replies.map(({ status }) => status)), new Set([503]))
    const waited = replies.filter(({ ms }) => ms > STATEMENT_LIMIT_MS * 0.7).length
    t.ok(waited <= WAITING_AT_MOST + RUNNING_AT_MOST, `${waited} waited, the others were refused at once`)
    t.ok(waited > 0, 'but some did')
    const slowest = Math.round(Math.max(...replies.map(({ ms }) => ms)))
    t.ok(slowest < STATEMENT_LIMIT_MS + LEASE_PATIENCE_MS + MARGIN_MS, `the last after ${slowest} ms`)
    t.equal(running, RUNNING_AT_MOST, 'at PostgreSQL one at a time')
    t.strictSame(wrong(await Promise.all(CACHED.map(ask)), OLD), [], 'what is cached is answered meanwhile')
    sizes.push(residentMb())
  }
  const growth = sizes.at(-1)! - sizes[0]!
  t.ok(growth < GROWTH_LIMIT_MB, `resident, MiB: ${sizes.map(Math.round).join(', ')}`)
  await release()
})

story('restarted under requests', async (t) => {
  let isOver = false as boolean
  const replies: Timed[] = []
  const readers = Array.from({ length: 4 }, async (_, reader) => {
    for (let turn = reader; !isOver; turn++) replies.push(await ask(CACHED[turn % CACHED.length]!))
  })
  await until('requests', () => replies.length >= 100)
  await postgres.restart()
  isOver = true
  await Promise.all(readers)
  t.strictSame(wrong(replies, /^(HIT|MISS|STALE)$/), [], `${replies.length} requests`)
})
