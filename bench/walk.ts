// A whole list, page by page: the last page must not cost more than the first.
import type { Comparison } from './compare.ts'
import { median } from './compare.ts'
import { ARTICLES } from './database.ts'
import { startServer } from './processes.ts'

const LIMIT = 500
/** Pages at each end that are compared. */
const SHARE = 200

export async function walk(url: string): Promise<Comparison> {
  const server = await startServer(['dist/server.js'], { DATABASE_URL: url, LOG_LEVEL: 'warn' })
  const times: number[] = []
  let rows = 0
  for (let next: string | null = ''; next !== null;) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`
    const started = performance.now()
    const response = await fetch(`${server.url}/api/v1/media/latest?limit=${LIMIT}${cursor}`)
    const text = await response.text()
    times.push(performance.now() - started)
    const page = JSON.parse(text) as { count: number; pagination: { next_cursor: string | null } }
    rows += page.count
    next = page.pagination.next_cursor
  }
  await server.stop()
  if (rows !== ARTICLES) throw new Error(`the walk came across ${rows} rows`)
  const [first, last] = [median(times.slice(0, SHARE)), median(times.slice(-SHARE))]
  return {
    name: `last ${SHARE} pages of a walk over ${ARTICLES.toLocaleString('en')} articles, ${LIMIT} a page`,
    against: `its first ${SHARE}`,
    unit: 'ms a page (median)',
    ours: last,
    yardstick: first,
    ratio: last / first,
    bound: { atMost: 1.3 },
  }
}
