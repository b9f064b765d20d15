// Figures of the fleet: those of every instance together, and of those that are gone, however they went.
import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../support/until.ts'
import { manualTime, type ManualTime } from '../../support/manual-time.ts'
import { sharedPostgres, startPostgres } from '../../support/postgres.ts'
import { startServiceProcess, type ServiceProcess } from '../../support/processes.ts'
import { NOTE_MS } from '../../../src/stats/windows.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'

const postgres = await sharedPostgres(t)
// One of them with a PostgreSQL of its own, which hangs.
t.jobs = 2

interface Fleet {
  instances: number
  hits: number
  misses: number
  loads: number
  requests: number
  categories: Record<string, { hits: number }>
}

interface Asked {
  get: (path: string) => Promise<Response>
}

/** Once it is known. */
async function fleetOf({ get }: Asked): Promise<Fleet> {
  const read = async (): Promise<Fleet | null> => {
    const { cache } = (await (await get('/cache/stats')).json()) as { cache: { fleet: Fleet | null } }
    return cache.fleet
  }
  return (await until('the fleet to be known', read, (fleet) => fleet !== null))!
}

type Own = Pick<Fleet, 'hits' | 'misses' | 'loads'>

/** What an instance has counted, once it has so many: one that is late with its lease loads in place of a hit, which is not the matter here. */
function ownOf({ get }: Asked, lookUps: number): Promise<Own> {
  return until(
    'its own figures',
    async () => ((await (await get('/cache/stats')).json()) as { cache: Own }).cache,
    ({ hits, misses }) => hits + misses === lookUps,
  )
}

function sum(of: Own[]): Own {
  const total = (name: keyof Own): number => of.reduce((all, own) => all + own[name], 0)
  return { hits: total('hits'), misses: total('misses'), loads: total('loads') }
}

async function ask({ get }: Asked, times: number): Promise<void> {
  for (let index = 0; index < times; index++) {
    const answer = await get('/api/v1/media/latest?limit=1')
    if (answer.status !== 200) throw new Error(await answer.text())
    await answer.text()
  }
}

void t.test('the total keeps what departed instances counted', { buffered: true }, async (t) => {
  const database = await createDatabase(postgres)
  const begin = (): Promise<ServiceProcess> => startServiceProcess(t, { DATABASE_URL: database })
  const [first, second] = await Promise.all([begin(), begin()])
  await ask(first, 10)
  await ask(second, 20)
  const all = await until(
    'each to know of the other',
    () => fleetOf(first),
    (fleet) => fleet.hits + fleet.misses === 30,
  )
  const two = await ownOf(second, 20)
  const early = sum([await ownOf(first, 10), two])
  t.ok(early.hits > 0 && early.loads > 0)
  t.match(all, { instances: 2, requests: 30, ...early, categories: { media: { hits: early.hits } } })

  // A crash loses what was counted since the last time it was written, and no more.
  await second.end('SIGKILL')
  await ask(first, 5)
  const third = await begin()
  const after = await until(
    'the newcomer to know of all',
    () => fleetOf(third),
    (fleet) => fleet.hits + fleet.misses === 35,
  )
  const one = await ownOf(first, 15)
  t.match(after, { hits: one.hits + two.hits, requests: 35 })

  // A stop loses nothing, however short the life was.
  await ask(third, 3)
  const { hits, misses } = sum([one, two, await ownOf(third, 3)])
  await third.end()
  await first.end()
  const fourth = await begin()
  const last = await fleetOf(fourth)
  // The one that was killed is on the list until the next clear.
  t.match(last, { instances: 2, hits, misses, requests: 38 })
})

void t.test(
  'the total never goes back, while it is written and while PostgreSQL hangs',
  { buffered: true },
  async (t) => {
    const server = await startPostgres(t)
    const time = manualTime()
    const service = await startService(t, { DATABASE_URL: await createDatabase(server) }, time)
    const seen: number[] = []
    const look = async (): Promise<void> => {
      const { hits, misses } = await fleetOf(service)
      seen.push(hits + misses)
    }
    // Longer than it takes until something is written.
    for (let ms = 0; ms < 2 * NOTE_MS; ms += 300) {
      await ask(service, 3)
      await look()
      await time.advance(300)
    }
    server.pause()
    t.teardown(() => server.resume())
    for (let round = 0; round < 5; round++) {
      await whilePassing(time, ask(service, 1))
      await whilePassing(time, look())
    }
    t.ok(seen.length > 20, `${seen.length} looks`)
    t.strictSame(
      seen.filter((count, index) => count < (seen[index - 1] ?? 0)),
      [],
    )
    server.resume()
    await until(
      'all of it',
      async () => {
        await time.advance(300)
        return fleetOf(service)
      },
      ({ hits, misses }) => hits + misses === seen.length * 3 - 10,
    )
  },
)

/** Has time pass, ten times as fast as it does, until something has ended. */
async function whilePassing(time: ManualTime, work: Promise<void>): Promise<void> {
  let isOver = false as boolean
  const over = work.finally(() => (isOver = true))
  while (!isOver) {
    await time.advance(10)
    await sleep(1)
  }
  await over
}
