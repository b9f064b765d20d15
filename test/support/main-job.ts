// The main job from end to end, as processes: load, page both ways, MISS then HIT, correct an article, see it at once.
import { createReadStream, existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { until } from './until.ts'
import { createDatabase } from './databases.ts'
import type { SharedPostgres } from './postgres.ts'
import { runCli, startServiceProcess, type ServiceProcess } from './processes.ts'
import { ROOT, SOURCES } from './root.ts'

const ARTICLES = 144
const SCORES = 4834

interface Article {
  id: number
  title: string
  url: string
  published_at: string
}
interface Page {
  data: Article[]
  pagination: { has_next: boolean; next_cursor: string | null; prev_cursor: string | null; total?: number }
}

/** A new database each time. `midway` happens between the reads and the correction. */
export async function mainJob(
  t: Test,
  postgres: SharedPostgres,
  environment: Record<string, string>,
  midway?: () => Promise<unknown>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-main-job-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const { bars, articles } = await inputFiles(t, folder)
  const env = { DATABASE_URL: await createDatabase(postgres), ...environment }
  const service = await startServiceProcess(t, { ...env, CACHE_WARM_KEYS: '200' })
  const load = (...args: string[]) => runCli(['load', ...args], env)

  t.match(await load('bars', bars, '--symbol', '^GSPC', '--name', 'S&P 500'), {
    code: 0,
    stdout: /inserted 5,105, /,
  })
  t.match(await load('articles', articles), { code: 0, stdout: new RegExp(`inserted ${ARTICLES},`) })
  await until('all scores, computed by the command or the service, whoever came first', async () => {
    const { pagination } = (await (await service.get('/api/v1/score?limit=1&count=exact')).json()) as Page
    return pagination.total === SCORES
  })

  const expected = await titles(articles)
  t.same(
    (await walk(service, '?limit=7&cursor', forwards)).map(titleOf).sort(),
    expected,
    'cursor pages have each article once',
  )
  t.same(
    (await walk(service, '?limit=11&offset=0', byOffset)).map(titleOf).sort(),
    expected,
    'so do offset pages',
  )
  t.same(
    await walkBack(service),
    await walk(service, '?limit=7', forwards),
    'backwards is forwards, reversed',
  )

  const first = '/api/v1/media/latest?limit=3'
  t.equal((await service.get(first)).headers.get('x-cache'), 'MISS')
  t.equal((await service.get(first)).headers.get('x-cache'), 'HIT')
  t.match(await (await service.get('/api/v1/volume?limit=1')).json(), {
    data: [{ date: '2020-04-17', close: 2874.560059 }],
  })
  t.match(await (await service.get('/api/v1/score?from=2008-10-10&to=2008-10-10')).json(), {
    data: [{ score: 1.87, label: 'extreme_fear' }],
  })

  await midway?.()
  await correctOneArticle(t, { service, route: first, folder, articles, load })
  t.equal(await service.end('SIGTERM'), 0, 'stops cleanly')
}

interface Correction {
  service: ServiceProcess
  route: string
  folder: string
  /** The file that was loaded. */
  articles: string
  load: (...args: string[]) => ReturnType<typeof runCli>
}

async function correctOneArticle(
  t: Test,
  { service, route, folder, articles, load }: Correction,
): Promise<void> {
  const before = ((await (await service.get(route)).json()) as Page).data[0]!
  const corrected = `${before.title} (corrected)`
  const file = path.join(folder, `corrected-${service.pid}.ndjson`)
  const lines = (await readFile(articles, 'utf8')).trimEnd().split('\n')
  const changed = lines.map((line) => {
    const article = JSON.parse(line) as Article
    return JSON.stringify(article.url === before.url ? { ...article, title: corrected } : article)
  })
  await writeFile(file, changed.join('\n'))

  t.match(await load('articles', file), { code: 0, stdout: /inserted 0, updated 1,/ })
  const answer = await service.get(route)
  t.not(answer.headers.get('x-cache'), 'STALE')
  t.equal(((await answer.json()) as Page).data[0]?.title, corrected, 'the new text shows at once')
  const article = (await (await service.get(`/api/v1/media/${before.id}`)).json()) as Article
  t.equal(article.title, corrected)
}

type Step = (page: Page, read: number) => string | null

const forwards: Step = ({ pagination }) =>
  pagination.has_next ? `?limit=7&cursor=${pagination.next_cursor}` : null
const byOffset: Step = ({ pagination }, read) => (pagination.has_next ? `?limit=11&offset=${read}` : null)
const titleOf = (article: Article): string => article.title

async function walk(service: ServiceProcess, start: string, next: Step): Promise<Article[]> {
  const read: Article[] = []
  let query: string | null = start.replace(/&cursor$/, '')
  while (query !== null) {
    const page: Page = (await (await service.get(`/api/v1/media/latest${query}`)).json()) as Page
    read.push(...page.data)
    query = next(page, read.length)
  }
  return read
}

async function walkBack(service: ServiceProcess): Promise<Article[]> {
  const page = async (query: string): Promise<Page> =>
    (await (await service.get(`/api/v1/media/latest${query}`)).json()) as Page
  let last = await page('?limit=7')
  while (last.pagination.next_cursor !== null)
    last = await page(`?limit=7&cursor=${last.pagination.next_cursor}`)
  const read = [...last.data]
  while (last.pagination.prev_cursor !== null) {
    last = await page(`?limit=7&cursor=${last.pagination.prev_cursor}`)
    read.unshift(...last.data)
  }
  return read
}

async function titles(articles: string): Promise<string[]> {
  return (await readFile(articles, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as Article).title)
    .sort()
}

/** The real files where they stand beside the project; else the project's own sample, cut to the same size. */
async function inputFiles(t: Test, folder: string): Promise<{ bars: string; articles: string }> {
  const shared = path.resolve(SOURCES, '../shared/data')
  if (existsSync(shared)) {
    return {
      bars: path.join(shared, 'sp500-daily-2000-2020.csv'),
      articles: path.join(shared, 'articles-2025-10.ndjson'),
    }
  }
  t.comment('../shared/data is not here; using the sample')
  const cut = path.join(folder, 'articles.ndjson')
  const lines: string[] = []
  for await (const line of createInterface({
    input: createReadStream(path.join(ROOT, 'sample/articles.ndjson')),
  })) {
    if (lines.push(line) === ARTICLES) break
  }
  await writeFile(cut, lines.join('\n'))
  return { bars: path.join(ROOT, 'sample/sp500-daily-2000-2020.csv'), articles: cut }
}
