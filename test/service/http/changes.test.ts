// One row of each table changes, by plain SQL: which cached answers are loaded anew, and which are still answered from the cache.
import t from 'tap'
import { until } from '../../support/until.ts'
import { startService } from '../../support/service.ts'
import { send, startFilledDatabase } from '../../support/http.ts'

// Lifetimes are not what is tested here: nothing may expire by itself.
const service = await startService(t, {
  DATABASE_URL: await startFilledDatabase(t),
  CACHE_TTL_MEDIA: '3600',
  CACHE_TTL_VOLUME: '3600',
  CACHE_TTL_SCORE: '3600',
  CACHE_TTL_NOT_FOUND: '3600',
})
const { pool } = service.database
const loads = (): number => service.app.cache.counters.loads
const [quay, harbor] = await Promise.all(['quay-post', 'harbor-wire'].map(articleOf))

async function articleOf(source: string): Promise<number> {
  const [row] = await pool<
    { id: number }[]
  >`select id from media_articles where source = ${source} order by id limit 1`
  return row!.id
}

const URLS = {
  volume: '/volume',
  'volume latest': '/volume/latest',
  'volume stats': '/volume/stats?days=30',
  'volume trend': '/volume/trend',
  'volume of TINY': '/volume?symbol=TINY',
  'volume latest of TINY': '/volume/latest?symbol=TINY',
  'volume of NEW': '/volume?symbol=NEW',
  score: '/score?limit=5',
  'score latest': '/score/latest',
  'score of TINY': '/score/latest?symbol=TINY',
  'index latest': '/index/latest',
  'index history': '/index/history?range=30d',
  'components latest': '/components/latest',
  methodology: '/score/methodology',
  weights: '/metadata/weights',
  'component names': '/metadata/components',
  simplified: '/simplified-v2/score',
  'simplified details': '/simplified-v2/details',
  overview: '/overview',
  articles: '/media/latest',
  'articles of quay': '/media/latest?source=quay-post',
  'articles of harbor': '/media/latest?source=harbor-wire',
  'articles of harbor after one of quay': `/media/latest?source=harbor-wire&cursor=${quay!}`,
  'articles of new': '/media/latest?source=new',
  'article of quay': `/media/${quay!}`,
  'article of harbor': `/media/${harbor!}`,
  'no article': '/media/999999',
  sources: '/media/sources',
  sentiment: '/media/sentiment-stats',
}
type Name = keyof typeof URLS
const names = Object.keys(URLS) as Name[]

const SCORES: Name[] = [
  'score',
  'score latest',
  'index latest',
  'index history',
  'components latest',
  'overview',
]
const VOLUME: Name[] = ['volume', 'volume latest', 'volume stats', 'volume trend']
const SIMPLIFIED: Name[] = ['simplified', 'simplified details']
const ANY_SOURCE: Name[] = [
  ...SIMPLIFIED,
  'overview',
  'articles',
  'articles of harbor after one of quay',
  'no article',
  'sources',
  'sentiment',
]
const QUAY: Name[] = [...ANY_SOURCE, 'articles of quay', 'article of quay']
const insertArticle = (name: string, score: string) =>
  `insert into media_articles (source, title, url, published_at, sentiment_score)
   values ('quay-post', 'new', 'https://quay.example/${name}', '2020-04-07', ${score})`

interface Step {
  statement: string
  reloads: Name[]
  /** Computed scores follow. */
  scores?: boolean
}

const STEPS: Step[] = [
  {
    statement:
      "update daily_bars set close = 10.5 where instrument_id = (select id from instruments where symbol = 'TINY') and date = '2020-04-14'",
    reloads: ['volume of TINY', 'volume latest of TINY'],
  },
  {
    statement:
      "insert into daily_bars select id, '2020-04-20', 2800, 2900, 2700, 2750, 1e9 from instruments where symbol = '^GSPC'",
    reloads: [...VOLUME, ...SIMPLIFIED, ...SCORES],
    scores: true,
  },
  { statement: insertArticle('a', 'null'), reloads: QUAY },
  { statement: insertArticle('b', '-1'), reloads: [...QUAY, ...SCORES], scores: true },
  {
    statement: "update media_articles set content = 'else' where url = 'https://quay.example/a'",
    reloads: QUAY,
  },
  {
    statement: "update media_articles set source = 'harbor-wire' where url = 'https://quay.example/a'",
    reloads: [...QUAY, 'articles of harbor', 'article of harbor'],
  },
  {
    statement: "delete from media_articles where url = 'https://quay.example/a'",
    reloads: [...ANY_SOURCE, 'articles of harbor', 'article of harbor'],
  },
  {
    statement: "insert into media_sources (code, name) values ('new', 'New')",
    reloads: [...ANY_SOURCE, 'articles of new'],
  },
  {
    statement: "update media_sources set name = 'Newer' where code = 'new'",
    reloads: [...ANY_SOURCE, 'articles of new'],
  },
  {
    statement: "insert into instruments (symbol, name, kind) values ('NEW', 'New', 'equity')",
    reloads: [...SIMPLIFIED, 'volume of NEW'],
  },
  {
    statement: "update instruments set name = 'Tiny' where symbol = 'TINY'",
    reloads: [...SIMPLIFIED, 'volume of TINY', 'volume latest of TINY', 'score of TINY'],
  },
  { statement: "update score_snapshots set score = 12 where as_of = '2020-04-17'", reloads: SCORES },
  {
    statement: 'truncate score_snapshots',
    reloads: [...SCORES, 'score of TINY', 'methodology', 'weights', 'component names'],
  },
]

/** Asks for each answer; those that had to be loaded. */
async function loaded(): Promise<Name[]> {
  const reloaded: Name[] = []
  for (const name of names) {
    const before = loads()
    await send(service, `/api/v1${URLS[name]}`)
    if (loads() > before) reloaded.push(name)
  }
  return reloaded
}

/** Until this instance has applied whatever the log says, computed scores included. */
async function applied(since: number, scores: boolean): Promise<void> {
  await until('the change here', async () => {
    const [state] = await pool<{ seq: number; applied: number; scored: boolean }[]>`
      select (select max(seq) from cache_clears) as seq, (select max(applied) from cache_members) as applied,
        exists (select from cache_clears where seq > ${since} and selector = 'score:^GSPC') as scored`
    return state!.seq > since && state!.applied === state!.seq && (state!.scored || !scores)
  })
}

async function newest(): Promise<number> {
  const [row] = await pool<{ seq: number }[]>`select coalesce(max(seq), 0) as seq from cache_clears`
  return row!.seq
}

t.test(
  'only the answers that a row is part of are loaded anew, and what was not there is looked for again',
  async (t) => {
    await loaded()
    t.strictSame(await loaded(), [], 'all of them are in the cache')
    for (const { statement, reloads, scores = false } of STEPS) {
      const since = await newest()
      await pool.unsafe(statement)
      await applied(since, scores)
      const expected = new Set(reloads)
      t.strictSame(
        await loaded(),
        names.filter((name) => expected.has(name)),
        statement,
      )
    }
  },
)
