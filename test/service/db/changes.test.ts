// Data that changes announces itself: what each kind of statement puts into the clear log, and in which order.
import t from 'tap'
import type { Sql } from 'postgres'
import { pruneAnnouncements } from '../../../src/db/clear-log.ts'
import { openPool } from '../../../src/db/client.ts'
import { startPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { until } from '../../support/until.ts'

const postgres = await startPostgres(t, ['max_prepared_transactions=1'])
const url = await createDatabase(postgres)
const sql = openPool(url, { max: 6 })
t.teardown(() => sql.end({ timeout: 0 }))
let position = 0

/** What was announced since the last call, in the log's order. */
async function announced(): Promise<string[]> {
  const rows = await sql<{ seq: number; selector: string; kind: string; soft: boolean; actor: string }[]>`
    select seq, selector, kind, soft, actor from cache_clears where seq > ${position} order by seq`
  const others = rows.filter(({ kind, soft, actor }) => kind !== 'tag' || !soft || actor !== 'data')
  if (others.length > 0) t.fail(JSON.stringify(others))
  position = rows.at(-1)?.seq ?? position
  return rows.map(({ selector }) => selector)
}

/** Statements in one transaction; what it announced. */
async function inOne(...statements: string[]): Promise<string[]> {
  await sql.begin(async (session) => {
    for (const statement of statements) await session.unsafe(statement)
  })
  return announced()
}

const article = (source: string, name: string, score = 'null') =>
  `insert into media_articles (source, title, url, published_at, sentiment_score)
   values ('${source}', '${name}', 'https://x.example/${name}', '2020-01-02', ${score})`
const bar = (symbol: string, day = 1) =>
  `insert into daily_bars select id, '2020-01-0${day}', 1, 2, 1, 2, 5 from instruments where symbol = '${symbol}'`
const source = (code: string) => `insert into media_sources (code, name) values ('${code}', '${code}')`
const instrument = (symbol: string) =>
  `insert into instruments (symbol, name, kind) values ('${symbol}', '${symbol}', 'index')`
const snapshot = `insert into score_snapshots (instrument_id, as_of, score, coverage, method_version)
  select id, '2020-01-02', 50, 1, 1 from instruments where symbol = 'A'`

t.beforeEach(async () => {
  await sql`truncate instruments, daily_bars, media_sources, media_articles, score_snapshots`
  await inOne(instrument('A'), instrument('B'), source('one'), source('two'))
})

t.test('each statement of each table announces the tags of its rows', async (t) => {
  const steps: [statement: string, tags: string[]][] = [
    [bar('A'), ['volume:A']],
    ["update daily_bars set close = 1.5 where date = '2020-01-01'", ['volume:A']],
    [snapshot, ['score:A']],
    ['update score_snapshots set score = 51', ['score:A']],
    ['delete from score_snapshots', ['score:A']],
    ['delete from daily_bars', ['volume:A']],
    [instrument('C'), ['symbol:C']],
    ["update instruments set kind = 'equity' where symbol = 'C'", ['symbol:C']],
    ["update instruments set symbol = 'D' where symbol = 'C'", ['symbol:C', 'symbol:D']],
    ["delete from instruments where symbol = 'D'", ['symbol:D']],
    [source('three'), ['source:three']],
    ["update media_sources set logo_url = 'x' where code = 'three'", ['source:three']],
    ["delete from media_sources where code = 'three'", ['source:three']],
    [article('one', 'a'), ['source:one']],
    [article('one', 'b', '0.5'), ['dataset:sentiment', 'source:one']],
    ["update media_articles set title = 'c' where title = 'b'", ['source:one']],
    ["update media_articles set sentiment_score = 0 where title = 'c'", ['dataset:sentiment', 'source:one']],
    [
      "update media_articles set sentiment_score = null where title = 'c'",
      ['dataset:sentiment', 'source:one'],
    ],
    ["update media_articles set published_at = '2021-01-01' where title = 'c'", ['source:one']],
    ["delete from media_articles where title = 'c'", ['source:one']],
    ['truncate score_snapshots', ['dataset:score']],
    ['truncate daily_bars', ['dataset:volume']],
    ['truncate media_articles', ['dataset:media', 'dataset:sentiment']],
    ['truncate media_sources cascade', ['dataset:media', 'dataset:sentiment']],
    ['truncate instruments cascade', ['dataset:score', 'dataset:volume']],
  ]
  for (const [statement, tags] of steps) t.strictSame(await inOne(statement), tags, statement)
})

t.test('what changes nothing announces nothing', async (t) => {
  await inOne(bar('A'), article('one', 'a', '0.5'), snapshot)
  const statements = [
    'update daily_bars set close = close',
    'update media_articles set title = title, sentiment_score = sentiment_score',
    'update instruments set name = name',
    'delete from daily_bars where close > 100',
    'insert into media_sources (code, name) select code, name from media_sources on conflict do nothing',
    `insert into media_sources (code, name) select code, name from media_sources
     on conflict (code) do update set name = excluded.name`,
  ]
  for (const statement of statements) t.strictSame(await inOne(statement), [], statement)
  await t.rejects(inOne(bar('B'), 'select 1/0'))
  t.strictSame(await announced(), [], 'rolled back')
  t.strictSame(await inOne('savepoint s', bar('B'), 'rollback to s', article('two', 'b')), ['source:two'])
  t.same(await sql`select * from cache_changes`, [], 'and nothing is left of what was collected')
})

t.test('a row that moves counts for both of its places, whatever else moves', async (t) => {
  await inOne(bar('A', 1), bar('B', 2), article('one', 'a'))
  t.strictSame(
    await inOne(
      "update daily_bars set instrument_id = (select id from instruments where symbol = 'B') where date = '2020-01-01'",
    ),
    ['volume:A', 'volume:B'],
  )
  t.strictSame(await inOne("update media_articles set source = 'two'"), ['source:one', 'source:two'])
  t.strictSame(
    await inOne("update media_sources set code = 'zwei' where code = 'two'"),
    ['source:two', 'source:zwei'],
    'and so do the articles of a source that is renamed',
  )
})

t.test('a transaction announces each tag once, and very many as their whole', async (t) => {
  t.strictSame(
    await inOne(article('one', 'a'), bar('A'), article('one', 'b', '0'), bar('A', 2), article('two', 'c')),
    ['dataset:sentiment', 'source:one', 'source:two', 'volume:A'],
  )
  const many = (from: number, to: number) =>
    `insert into media_sources (code, name) select 's' || i, 's' from generate_series(${from}, ${to}) i`
  t.equal((await inOne(many(1, 50))).length, 50)
  t.strictSame(await inOne(many(101, 151)), ['dataset:media'], 'in one statement')
  const oneByOne = Array.from({ length: 60 }, (_, index) => source(`t${index}`))
  t.strictSame(
    await inOne(bar('B'), ...oneByOne, article('one', 'd')),
    ['dataset:media', 'volume:B'],
    'one by one',
  )
  t.strictSame(
    await inOne(
      `insert into instruments (symbol, name, kind) select 'i' || i, 'i', 'equity' from generate_series(1, 51) i`,
    ),
    ['dataset:score', 'dataset:volume'],
  )
})

t.test('codes of any form are announced as they are', async (t) => {
  for (const code of ["l'été", 'a b', '*', '%_', '東京', 'x'.repeat(2000)]) {
    const quoted = code.replaceAll("'", "''")
    t.strictSame(await inOne(source(quoted), article(quoted, String(code.length))), [`source:${code}`])
    await inOne('delete from media_articles')
  }
})

t.test('a role that may only write the data announces it all the same', async (t) => {
  await sql`create role writer login password 'writer'`
  t.teardown(() => postgres.sql`drop owned by writer cascade`.catch(() => undefined))
  await sql`grant insert on media_articles to writer`
  const asWriter = new URL(url)
  asWriter.username = asWriter.password = 'writer'
  const writer = openPool(asWriter.href, { max: 1 })
  t.teardown(() => writer.end({ timeout: 0 }))
  await writer.unsafe(article('one', 'a'))
  t.strictSame(await announced(), ['source:one'])
  await t.rejects(writer`select collect_changes('{source:x}', '{dataset:media}')`, { code: '42501' })
})

/** Writers of two isolation levels; positions that a reader who remembers the highest one saw behind it. */
async function missedByAReader(): Promise<number[]> {
  const levels = ['read committed', 'repeatable read']
  const missed: number[] = []
  let done = false as boolean
  const reader = (async () => {
    const told = new Set<number>()
    let seen = position
    while (!done) {
      const rows = await sql<{ seq: number }[]>`
        select seq from cache_clears where seq > ${position} order by seq`
      for (const { seq } of rows) {
        if (seq <= seen && !told.has(seq)) missed.push(seq)
        told.add(seq)
      }
      seen = rows.at(-1)?.seq ?? seen
    }
  })()
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let turn = 0; turn < 40; turn++) {
      await sql.begin(`isolation level ${levels[(writer + turn) % 2]!}`, async (session) => {
        await session.unsafe(article(turn % 2 ? 'one' : 'two', `${writer}-${turn}`))
        // Of a transaction that began long before others committed.
        await session`select pg_sleep(0.005)`
        await session.unsafe(`update media_articles set summary = 'x' where title = '${writer}-${turn}'`)
      })
    }
  })
  try {
    await Promise.all(writers)
  } finally {
    done = true
  }
  await reader
  t.equal((await announced()).length, 160)
  return missed
}

t.test('positions are in the order of commits, whatever the isolation level', async (t) => {
  t.strictSame(await missedByAReader(), [])
})

t.test('without the lock they are not, and readers miss some', async (t) => {
  const [definition] = await sql<{ text: string }[]>`
    select pg_get_functiondef('announce_changes'::regproc) as text`
  const without = definition!.text
    .replace(/PERFORM pg_advisory_xact_lock.*/, '')
    // It looks at what others have committed, and without the lock two may draw the same.
    .replace('next_clear_position(0)', "nextval('cache_clears_position')")
    // A commit takes a while.
    .replace('PERFORM pg_notify', 'PERFORM pg_sleep(random() * 0.01); PERFORM pg_notify')
  await sql.unsafe(without)
  const missed = await missedByAReader().finally(() => sql.unsafe(definition!.text))
  t.ok(missed.length > 0, `${missed.length} of 160`)
})

t.test(
  'nobody waits for a transaction that has only written, nor for one with immediate constraints',
  async (t) => {
    const other = await sql.reserve()
    try {
      await other`begin`
      await other`set constraints all immediate`
      await other.unsafe(article('one', 'open'))
      await other.unsafe(bar('A'))
      const began = performance.now()
      t.strictSame(await inOne(article('two', 'b')), ['source:two'])
      t.strictSame(await inOne(bar('A', 2), bar('B', 2)), ['volume:A', 'volume:B'])
      t.comment(`${Math.round(performance.now() - began)} ms`)
      const locks = await postgres.sql`select from pg_locks where locktype = 'advisory'`
      t.equal(locks.length, 0)
      await other`commit`
      t.strictSame(await announced(), ['source:one', 'volume:A'])
    } finally {
      other.release()
    }
  },
)

t.test('a commit waits for whoever has the log', async (t) => {
  const holder = await sql.reserve()
  try {
    await holder`begin`
    await holder`select pg_advisory_xact_lock(${0x636c6f67})`
    const waiting = inOne(article('one', 'a'))
    await until('it to wait', async () => {
      const locks = await postgres.sql`select from pg_locks where locktype = 'advisory' and not granted`
      return locks.length === 1
    })
    await holder`commit`
    t.strictSame(await waiting, ['source:one'])
  } finally {
    holder.release()
  }
})

t.test('a prepared transaction, which could hold the log for ever, is refused', async (t) => {
  await t.rejects(prepare(sql), { code: '0A000' })
  t.strictSame(await announced(), [])
})

async function prepare(pool: Sql): Promise<void> {
  const session = await pool.reserve()
  try {
    await session`begin`
    await session.unsafe(article('one', 'a'))
    await session`prepare transaction 'p'`
  } finally {
    await session`rollback`
    session.release()
  }
}

t.test(
  'what data announced long ago is pruned, once the scores have followed it; all else stays',
  async (t) => {
    const pool = openPool(await createDatabase(postgres), { max: 1 })
    t.teardown(() => pool.end({ timeout: 0 }))
    await pool`
    insert into cache_clears (seq, kind, selector, soft, actor, cleared_at)
    select seq, kind, selector, soft, actor, now() - age::interval
    from (values
      (1, 'tag', 'source:old', true, 'data', '2 days'),
      (2, 'pattern', '*', false, 'ops', '2 days'),
      (3, 'tag', 'source:old', true, 'ops', '2 days'),
      (4, 'tag', 'source:new', true, 'data', '1 hour'),
      (5, 'tag', 'source:old', true, 'data', '2 days'),
      (6, 'tag', 'source:old', true, 'data', '2 days')
    ) as given (seq, kind, selector, soft, actor, age)`
    await pool`insert into score_state (position, method_version) values (4, 1)`
    const left = async (keepSeconds: number): Promise<number[]> => {
      await pruneAnnouncements(pool, keepSeconds)
      const rows = await pool<{ seq: number }[]>`select seq from cache_clears order by seq`
      return rows.map(({ seq }) => seq)
    }
    t.strictSame(await left(3 * 86_400), [1, 2, 3, 4, 5, 6], 'entries may be older than they')
    t.strictSame(await left(60), [2, 3, 4, 5, 6], 'a day of them is kept in any case')
    await pool`update score_state set position = 6`
    t.strictSame(await left(60), [2, 3, 4, 6], 'readers have the position of the newest')
  },
)
