// Two instances under load, one of them with a memory tier: readers of all subjects, a writer that clears what it wrote, and a reader of what is in memory.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { ClearChecker } from './clear-checker.ts'
import { clear, selectionsOf } from './clears.ts'
import { read, startFleet, write, type Fleet, type Instance, type Subject } from './fleet.ts'
import type { SharedPostgres } from './postgres.ts'
import { randomFrom } from './random.ts'
import type { Stats } from './traffic.ts'
import { until } from './until.ts'

/** What is promised of each request, whatever becomes of Redis. */
const PROMISE_MS = 500
/** The machine is busy with servers that start: one request in a hundred may take this much longer for it, no more of them. */
const MARGIN_MS = 3000
const BACK_LIMIT_MS = 5000
/** Less than `REDIS_CONNECT_TIMEOUT_MS`, after which a silent connection is given up. */
const NOTICE_LIMIT_MS = 3500
const COMMAND_LIMIT_MS = 250
/** A hit in memory that waited for Redis would take the limit of a command at least. */
const MEMORY_LIMIT_MS = 200
/** Of reads of what is in memory: a machine that is busy for a second lets the lease lapse, and then memory must not be believed. */
const NO_HITS_SHARE = 0.05
/** Between two requests of a reader: what is under test is the servers. */
const PAUSE_MS = 5
const WRITE_PAUSE_MS = 60
const READERS = 3
const SEED = 20251104
/** Kept for an hour, selected by no clear of these, and made of nothing that is written. */
const HOT = '/api/v1/score/methodology'
/** The writer's doing, and PostgreSQL's where the machine is busy. */
const CLEAR_LINE = /^(cache cleared$|the clear log)/
const MOST_LINES_AT_ONCE = 4

/** The second one has memory, the first one asks Redis each time. */
export function startPair(
  t: Test,
  postgres: SharedPostgres,
  redisPort: number,
  settings: Record<string, string> = {},
): Promise<Fleet> {
  return startFleet(t, {
    postgres,
    redis: { port: redisPort },
    instances: 2,
    articles: 12,
    lists: 4,
    settingsOf: (index) => ({
      REDIS_COMMAND_TIMEOUT_MS: String(COMMAND_LIMIT_MS),
      ...(index === 0 ? { CACHE_MEMORY_MAX_MB: '0' } : {}),
      ...settings,
    }),
  })
}

export interface Load {
  /** Reads answered so far. */
  readonly reads: number
  /** Resolves when so many further reads have been answered. */
  more(reads: number): Promise<void>
  /** Ends the load and judges all of it. */
  isWell(t: Test): Promise<void>
}

interface Times {
  ms: number[]
  failures: string[]
}

/** @param versions of the subjects so far: they only grow, from one load of a fleet to the next. */
export function startLoad(t: Test, fleet: Fleet, versions: Map<Subject, number>): Load {
  const { instances, subjects } = fleet
  const checker = new ClearChecker(instances.length, { excusesStale: true })
  const random = randomFrom(SEED)
  const cold: Times = { ms: [], failures: [] }
  const hot: Times & { notHit: number } = { ms: [], failures: [], notHit: 0 }
  const complaints: string[] = []
  const lines = watchLines(instances)
  const beganAt = performance.now()
  let isOver = false

  const timed = async (times: Times, ask: () => Promise<void>): Promise<void> => {
    const began = performance.now()
    await ask().catch((error: unknown) => void times.failures.push(String(error)))
    times.ms.push(performance.now() - began)
    await sleep(PAUSE_MS)
  }
  const readOn = async (instance: Instance): Promise<void> => {
    while (!isOver)
      await timed(cold, async () => {
        await read(checker, instance, random.pick(subjects))
      })
  }
  const readHot = async ({ callers }: Instance): Promise<void> => {
    const { body: expected } = await callers.get(HOT)
    while (!isOver)
      await timed(hot, async () => {
        const { status, from, body } = await callers.get(HOT)
        if (status !== 200 || body !== expected) hot.failures.push(`${status} ${body}`)
        if (from !== 'HIT') hot.notHit++
      })
  }
  const writeOn = async (): Promise<void> => {
    while (!isOver) {
      const subject = random.pick(subjects)
      const version = (versions.get(subject) ?? 0) + 1
      versions.set(subject, version)
      await write(fleet, checker, subject, version)
      // Not everything: what is in memory is to stay there.
      const selection = random.pick(selectionsOf(subject).slice(1))
      complaints.push(...(await clear(checker, random.pick(instances), subjects, selection)).complaints)
      await sleep(WRITE_PAUSE_MS)
    }
  }
  const work = [
    ...instances.flatMap((instance) => Array.from({ length: READERS }, () => readOn(instance))),
    readHot(instances[1]!),
    writeOn(),
  ]
  const stop = async (): Promise<void> => {
    isOver = true
    await Promise.all(work)
  }
  t.teardown(stop)
  return {
    get reads() {
      return cold.ms.length
    },
    more: async (reads) => {
      const goal = cold.ms.length + reads
      await until(`${goal} reads`, () => cold.ms.length >= goal)
    },
    isWell: async (t) => {
      await stop()
      const seconds = (performance.now() - beganAt) / 1000
      t.comment(
        `${JSON.stringify(checker)} ${figures(cold)}; in memory: ${figures(hot)}, not HIT: ${hot.notHit}`,
      )
      t.strictSame(checker.violations, [], 'all 200, and nothing older than a clear')
      t.ok(
        checker.excused <= checker.reads / 200,
        `${checker.excused} older ones, marked STALE for want of a lease`,
      )
      t.strictSame([...cold.failures, ...hot.failures, ...complaints], [])
      t.ok(percentile(cold.ms, 0.99) < PROMISE_MS, `99 of 100 within ${percentile(cold.ms, 0.99)} ms`)
      t.ok(percentile(cold.ms, 1) < PROMISE_MS + MARGIN_MS, `the slowest took ${percentile(cold.ms, 1)} ms`)
      t.ok(percentile(hot.ms, 0.99) < MEMORY_LIMIT_MS, `in memory within ${percentile(hot.ms, 0.99)} ms`)
      t.ok(hot.notHit <= hot.ms.length * NO_HITS_SHARE, `${hot.notHit} of ${hot.ms.length} were no hits`)
      for (const written of lines.stop()) {
        const texts = written.map(({ text }) => text)
        t.ok(written.length <= Math.max(MOST_LINES_AT_ONCE, seconds), `${seconds} s: ${texts.join(' | ')}`)
        t.ok(mostWithinASecond(written) <= MOST_LINES_AT_ONCE, `no burst: ${texts.join(' | ')}`)
      }
    },
  }
}

/** Resolves when both have noticed that Redis is away: soon, by the breaker, not when a connection is given up for itself. */
export async function isAway(t: Test, { instances }: Fleet): Promise<void> {
  const began = performance.now()
  for (const instance of instances)
    await until(
      'Redis to be noticed as away',
      () => statsOf(instance),
      ({ status }) => status === 'degraded',
    )
  const ms = performance.now() - began
  t.ok(ms < NOTICE_LIMIT_MS, `noticed after ${Math.round(ms)} ms`)
}

/** Resolves when both use Redis, the first one with hits. */
export async function isUsed({ instances }: Fleet): Promise<void> {
  const [first, second] = instances as [Instance, Instance]
  const { redis_hits: before } = await statsOf(first)
  await until(
    'hits in Redis',
    () => statsOf(first),
    ({ status, redis_hits: hits }) => status === 'connected' && hits >= before + 10,
  )
  await until(
    'Redis connected',
    () => statsOf(second),
    ({ status }) => status === 'connected',
  )
}

/** From now, the moment at which Redis answers again. */
export async function isBackSoon(t: Test, fleet: Fleet): Promise<void> {
  const began = performance.now()
  await isUsed(fleet)
  const ms = performance.now() - began
  t.ok(ms < BACK_LIMIT_MS, `back in use after ${Math.round(ms)} ms`)
}

async function statsOf(instance: Instance): Promise<Stats> {
  return ((await (await instance.get('/cache/stats')).json()) as { cache: Stats }).cache
}

interface Line {
  at: number
  text: string
}

/** When each instance wrote what to its log, to a tenth of a second. */
function watchLines(instances: Instance[]): { stop(): Line[][] } {
  const written = instances.map((): Line[] => [])
  const seen = instances.map(({ lines }) => lines.length)
  const look = (): void =>
    instances.forEach(({ lines }, index) => {
      const news = lines.slice(seen[index])
      seen[index] = lines.length
      for (const text of news)
        if (!CLEAR_LINE.test(text)) written[index]!.push({ at: performance.now(), text })
    })
  const timer = setInterval(look, 100)
  timer.unref()
  return {
    stop: () => {
      clearInterval(timer)
      look()
      return written
    },
  }
}

function mostWithinASecond(lines: Line[]): number {
  return Math.max(
    0,
    ...lines.map(({ at }) => lines.filter((other) => other.at >= at && other.at < at + 1000).length),
  )
}

function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN)
}

function figures({ ms }: Times): string {
  return `${ms.length} reads, ms ${[0.5, 0.99, 0.999, 1].map((share) => percentile(ms, share)).join(' / ')}`
}
