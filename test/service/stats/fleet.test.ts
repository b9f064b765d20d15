// Figures of the fleet: what lives long over counted, and what an instance writes that nobody asks anything.
import t from 'tap'
import { sql } from 'drizzle-orm'
import { until } from '../../support/until.ts'
import { foldDeparted, publishCounts, readFleet } from '../../../src/db/fleet-counts.ts'
import { manualTime } from '../../support/manual-time.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { NOTE_MS } from '../../../src/stats/windows.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'

const postgres = await sharedPostgres(t)

interface Asked {
  get: (path: string) => Promise<Response>
}

async function ask({ get }: Asked, times: number): Promise<void> {
  for (let index = 0; index < times; index++) {
    const answer = await get('/api/v1/media/latest?limit=1')
    if (answer.status !== 200) throw new Error(await answer.text())
    await answer.text()
  }
}

t.test('lives long over are added up in one, and nothing is lost or counted twice', async (t) => {
  const { database } = await startService(t, { DATABASE_URL: await createDatabase(postgres) })
  const sum = async (): Promise<number> => {
    const { counts } = await readFleet(database, 'none')
    return counts.reduce((total, { count }) => total + count, 0)
  }
  for (const life of ['a', 'b', 'c']) {
    const counts = [{ category: 'media', counter: 'loads', count: 10 }]
    await publishCounts(database, life, counts)
    await publishCounts(database, life, counts)
    // Late, and older.
    await publishCounts(database, life, [{ category: 'media', counter: 'loads', count: 7 }])
  }
  t.equal(await sum(), 30)
  await database.rows(
    sql`update cache_counts set counted_at = now() - interval '8 days' where life in ('a', 'b')`,
  )
  await Promise.all([foldDeparted(database), foldDeparted(database)])
  await foldDeparted(database)
  t.equal(await sum(), 30)
  const lives = await database.rows<{ life: string }>(sql`select life from cache_counts order by life`)
  t.strictSame(
    lives.map(({ life }) => life),
    ['c', 'departed'],
  )
})

t.test('an instance that nobody asks anything writes nothing', async (t) => {
  const time = manualTime()
  const service = await startService(t, { DATABASE_URL: await createDatabase(postgres) }, time)
  const { database } = service
  const written = async (): Promise<string | null | undefined> => {
    const [row] = await database.rows<{ at: string | null }>(
      sql`select max(counted_at)::text as at from cache_counts`,
    )
    return row?.at
  }
  await ask(service, 3)
  await time.advance(NOTE_MS)
  const first = await until('it to be written', written, (at) => at !== null)
  // Probes and whoever looks at the figures are nobody.
  for (let ms = 0; ms < 10 * NOTE_MS; ms += 500) {
    await Promise.all(['/livez', '/metrics', '/cache/stats'].map((path) => service.get(path)))
    await time.advance(500)
  }
  t.equal(await written(), first)
})
