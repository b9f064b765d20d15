// Loads, direct writes, clears, restarts and reads on three instances at once, under the eyes of a checker that knows what was committed when.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { load } from '../../../src/loading/load.ts'
import { until } from '../../support/until.ts'
import { streamOf } from '../../support/loading.ts'
import { startCallers, type Callers } from '../../support/callers.ts'
import { ChangeChecker } from '../../support/change-checker.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startServiceProcess, type ServiceProcess } from '../../support/processes.ts'
import { randomFrom, type Random } from '../../support/random.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { sizeOf } from '../../support/sizes.ts'

const SECONDS = sizeOf('SECONDS')
const SEED = Number(process.env['SEED'] ?? 20251122)
/** The promise is a second; the rest is for a machine that does other things as well. An answer marked STALE stands for a load that takes too long. */
const BOUNDS = { fresh: 1500, stale: 10_000 }
const ROWS = 6
const SOURCES = Array.from({ length: 6 }, (_, index) => `moving-${index}`)
const SYMBOLS = Array.from({ length: 4 }, (_, index) => `MOVE${index}`)
const DAYS = Array.from({ length: ROWS }, (_, index) => `2020-01-0${index + 1}`)
const READERS = 4
const CLEARS = ['pattern=media:*', 'pattern=volume:*', 'tag=dataset:media', 'tag=symbol:MOVE1', '']

const ofSource = (source: string): string => `/api/v1/media/latest?source=${source}`
const ofSymbol = (symbol: string): string => `/api/v1/volume?symbol=${symbol}`
const PATHS = [...SOURCES.map(ofSource), ...SYMBOLS.map(ofSymbol)]

interface Slot {
  process: ServiceProcess
  callers: Callers
  isUp: boolean
}

t.test(`${SECONDS} seconds`, async (t) => {
  const [postgres, redis] = [await sharedPostgres(t), await startRedis(t)]
  const url = await createDatabase(postgres)
  const sql = openPool(url, { max: 8 })
  t.teardown(() => sql.end({ timeout: 0 }))
  const random = randomFrom(SEED)
  const checker = new ChangeChecker(BOUNDS)
  let end = Infinity
  const isOver = (): boolean => performance.now() > end

  /** Both halves of a source's articles, in two statements of one transaction; one in eight is rolled back. */
  const writeArticles = async (source: string, version: number): Promise<void> => {
    const isKept = version === 1 || random.next() > 1 / 8
    let committed: () => void = () => undefined
    const rolledBack = new Error('rolled back')
    await sql
      .begin(async (session) => {
        for (const half of [0, 1]) {
          await session`
            insert into media_articles (source, title, url, published_at)
            select ${source}, ${String(version)}, ${`https://${source}.example/`} || row, '2020-01-01'
            from generate_series(0, ${ROWS - 1}::int) as row where row % 2 = ${half}
            on conflict (url) do update set title = excluded.title`
          await sleep(random.below(5))
        }
        if (!isKept) throw rolledBack
        committed = checker.committing(ofSource(source), version)
      })
      .catch((error: unknown) => {
        if (error !== rolledBack) throw error
      })
    if (isKept) committed()
  }
  /** The way of an ingestion: a file, staged and upserted. */
  const loadBars = async (symbol: string, version: number): Promise<void> => {
    const rows = DAYS.map((day) => `${day},1,2,1,2,${version}`).join('\n')
    const committed = checker.committing(ofSymbol(symbol), version)
    const input = streamOf(`date,open,high,low,close,volume\n${rows}\n`)
    await load({ pool: sql, kind: 'bars', symbol, instrumentKind: 'equity', leavesScores: true, input })
    committed()
  }
  for (const source of SOURCES) {
    await sql`insert into media_sources (code, name) values (${source}, ${source})`
    await writeArticles(source, 1)
  }
  for (const symbol of SYMBOLS) await loadBars(symbol, 1)

  const begin = async (): Promise<Slot> => {
    const settings = {
      DATABASE_URL: url,
      REDIS_URL: redis.url,
      PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '0',
      CACHE_WARM_KEYS: '200',
    }
    const process = await startServiceProcess(t, settings)
    return { process, callers: startCallers(t, process.url, READERS + 1), isUp: true }
  }
  const slots = await Promise.all([begin(), begin(), begin()])
  const versionsIn = (body: string): number[] =>
    (JSON.parse(body) as { data: { title?: string; volume?: number }[] }).data.map((row) =>
      Number(row.title ?? row.volume),
    )
  const read = async (slot: Slot, path: string): Promise<string> => {
    const { process } = slot
    const judge = checker.readBegins(path)
    try {
      const { status, from, body } = await slot.callers.get(path)
      if (status === 200) judge(versionsIn(body), from)
      else if (slot.isUp) checker.violations.push(`${path}: ${status} ${body}`)
      return from
    } catch (error) {
      if (slot.isUp && slot.process === process) throw error
      return 'down'
    }
  }

  let [restarts, clears] = [0, 0]
  end = performance.now() + SECONDS * 1000
  const reader = async (slot: Slot, own: Random): Promise<void> => {
    while (!isOver()) {
      if (slot.isUp) await read(slot, own.pick(PATHS))
      await sleep(slot.isUp ? 5 : 50)
    }
  }
  const writer = async (write: (version: number) => Promise<void>, pauseMs: number): Promise<void> => {
    for (let version = 2; !isOver(); version++) {
      await write(version)
      await sleep(random.below(pauseMs))
    }
  }
  const clearer = async (): Promise<void> => {
    while (!isOver()) {
      await sleep(500 + random.below(500))
      const slot = random.pick(slots.filter(({ isUp }) => isUp))
      const answer = await fetch(`${slot.process.url}/cache/clear?${random.pick(CLEARS)}`, {
        method: 'DELETE',
      }).catch(() => null)
      if (answer?.ok === true) clears++
    }
  }
  const restarter = async (): Promise<void> => {
    while (end - performance.now() > Math.min(10_000, SECONDS * 500)) {
      await sleep(3000)
      const slot = slots[restarts % slots.length]!
      slot.isUp = false
      await slot.process.end(restarts++ % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
      Object.assign(slot, await begin())
    }
  }
  await Promise.all([
    ...slots.flatMap((slot, place) =>
      Array.from({ length: READERS }, (_, index) => reader(slot, randomFrom(SEED + place * READERS + index))),
    ),
    ...SOURCES.map((source) => writer((version) => writeArticles(source, version), 200)),
    ...SYMBOLS.map((symbol) => writer((version) => loadBars(symbol, version), 300)),
    clearer(),
    restarter(),
  ])

  for (const slot of slots) {
    for (const path of PATHS) {
      await until(`the last of ${path}`, async () => {
        const { from, body } = await slot.callers.get(path)
        return from !== 'STALE' && versionsIn(body).every((version) => version === checker.newest(path))
      })
    }
  }
  const { reads, from, ages } = checker
  ages.sort((one, other) => one - other)
  const [p99 = 0, oldest = 0] = [ages[Math.floor(ages.length * 0.99)], ages.at(-1)].map((age) =>
    Math.round(age ?? 0),
  )
  const written = PATHS.reduce((sum, path) => sum + checker.newest(path)!, 0)
  t.comment(JSON.stringify({ reads, from, written, clears, restarts, overtaken: ages.length, p99, oldest }))
  t.strictSame(checker.violations.slice(0, 10), [])
  t.ok(from['HIT']! > reads / 4, 'the cache took part')
  t.ok(from['MISS']! > written / 2, 'and so did the changes')
  t.ok((from['STALE'] ?? 0) < reads / 20, 'few loads took too long')
  t.ok(restarts >= 1 && clears >= SECONDS / 10, 'and restarts and clears')
})
