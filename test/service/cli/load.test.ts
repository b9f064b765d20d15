// The command line as a process on a real PostgreSQL: what it loads, prints and returns.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { runLoad } from '../../../src/cli/load-command.ts'
import { loadConfig } from '../../../src/config.ts'
import { article, ndjson, SAMPLE_ARTICLES, SAMPLE_BARS, startLoadingDatabase } from '../../support/loading.ts'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { runCommand, startCommand } from '../../support/commands.ts'

const database = await startLoadingDatabase(t)
const { server, pool } = database
const ENVIRONMENT = { DATABASE_URL: server.url, PORT: String(await freePort()) }
const GSPC = ['--symbol', '^GSPC']
const LOAD_LOCK = 0x6c6f6164
t.beforeEach(() => database.empty())

const run = (args: string[], input?: string | Buffer) => runCommand(t, args, ENVIRONMENT, input)
/** In this process: a start of the command costs more than such a load. */
async function loadHere(file: string): Promise<{ code: number; text: string }> {
  let text = ''
  const context = {
    config: loadConfig(ENVIRONMENT),
    output: (_: object, shown: string) => void (text = shown),
  }
  const target = file.includes('bars')
    ? ({ kind: 'bars', symbol: 'X' } as const)
    : ({ kind: 'articles' } as const)
  return { code: await runLoad(context, file, target, false), text }
}
const count = async (table: string) =>
  (await pool.unsafe(`select count(*) from ${table}`))[0]?.['count'] as number

t.test('the sample, twice: all of it, then nothing', async (t) => {
  const articles = (await readFile(SAMPLE_ARTICLES, 'utf8')).trimEnd().split('\n').length
  const first = await run(['load', 'bars', SAMPLE_BARS, ...GSPC, '--name', 'S&P 500'])
  t.match(first, { code: 0, stderr: '' }, 'no progress bar where standard error is no terminal')
  t.match(
    first.stdout,
    /bars of \^GSPC from .*: 5,105 lines read\n  inserted 5,105, updated 0, unchanged 0, rejected 0\n  scores changed: 4,834\n  database: 127\.0\.0\.1:\d+\/\w+\n  ignored: `adjclose`\n  warning: the last line, 5106, has no line end: .*\n$/,
  )
  t.match(await run(['load', 'articles', SAMPLE_ARTICLES]), { code: 0, stderr: '' })
  t.equal(await count('media_articles'), articles)
  t.strictSame(
    [...(await pool`select symbol, name, kind from instruments`)],
    [{ symbol: '^GSPC', name: 'S&P 500', kind: 'index' }],
  )

  const again = await run(['load', 'bars', SAMPLE_BARS, ...GSPC, '--json'])
  t.strictSame(JSON.parse(again.stdout), {
    read: 5105,
    inserted: 0,
    updated: 0,
    unchanged: 5105,
    duplicates: 0,
    rejected: 0,
    rejections: [],
    ignored: ['adjclose'],
    warnings: ['the last line, 5106, has no line end: it was taken as it is, and may have been cut off'],
    scoresChanged: 0,
    database: new URL(server.url).host + new URL(server.url).pathname,
  })
  t.match(await run(['load', 'articles', SAMPLE_ARTICLES]), {
    code: 0,
    stdout: /scores changed: 0\n  database: .*\n$/,
  })
})

t.test(
  'rejected lines are listed with number and reason, the rest is loaded, the exit code says 3',
  async (t) => {
    const file = path.join(t.testdir(), 'articles.ndjson')
    await writeFile(file, ndjson([article(1), article(2, { url: 'nowhere' }), article(3)]) + '{\n')
    const result = await run(['load', 'articles', file])
    t.match(result, { code: 3, stderr: '' })
    t.match(result.stdout, /inserted 2, updated 0, unchanged 0, rejected 2/)
    t.match(
      result.stdout,
      /rejected:\n  line 2: url: "nowhere" is not an http or https URL\n  line 4: the line is not JSON: "{"\n/,
    )
    t.equal(await count('media_articles'), 2)
  },
)

t.test('a file is read from standard input where its name is -', async (t) => {
  const result = await run(
    ['load', 'bars', '-', '--symbol', 'TLT', '--kind', 'bond'],
    'date,open,high,low,close,volume\n2020-01-02,1,1,1,1,0\n',
  )
  t.match(result, { code: 0, stdout: /bars of TLT from standard input: 1 line read/ })
  t.strictSame([...(await pool`select symbol, kind from instruments`)], [{ symbol: 'TLT', kind: 'bond' }])
})

t.test('each format of both kinds, packed or not, by its name, by its first bytes or as said', async (t) => {
  const bar = { date: '2020-01-02', open: 1, high: 1, low: 1, close: 1, volume: 0 }
  const folder = t.testdir()
  const files: [name: string, kind: string[], text: string][] = [
    ['bars.csv.gz', ['bars', '--symbol', 'X'], 'date,open,high,low,close,volume\n2020-01-02,1,1,1,1,0\n'],
    ['bars.json', ['bars', '--symbol', 'X'], JSON.stringify([bar])],
    ['bars.jsonl', ['bars', '--symbol', 'X'], ndjson([bar])],
    ['articles.ndjson.gz', ['articles'], ndjson([article(1)])],
    ['articles.json', ['articles'], JSON.stringify([article(1)])],
    [
      'articles.csv',
      ['articles'],
      'source,title,url,published_at\na,"b, c",https://a.example/1,2020-01-02\n',
    ],
  ]
  for (const [name, [kind = '', ...rest], text] of files) {
    const bytes = name.endsWith('.gz') ? gzipSync(text) : Buffer.from(text)
    await writeFile(path.join(folder, name), bytes)
    t.match(await loadHere(path.join(folder, name)), { code: 0, text: /1 line read/ }, name)
    const format =
      /csv|json$|jsonl|ndjson/.exec(name.replace('.gz', ''))?.[0]?.replace('jsonl', 'ndjson') ?? ''
    const said = await run(['load', kind, '-', '--format', format, ...rest], bytes)
    t.match(said, { code: 0, stdout: /unchanged 1/ }, `${name} from standard input`)
  }
})

t.test('all or nothing, or only tried', async (t) => {
  const text = ndjson([article(1), article(2, { url: 'nowhere' })])
  t.match(await run(['load', 'articles', '-', '--on-error', 'abort'], text), {
    code: 1,
    stdout: '',
    stderr:
      /^  line 2: url: "nowhere" is not an http or https URL\nerror: a line was rejected; nothing was loaded\n$/,
  })
  t.match(await run(['load', 'articles', '-', '--dry-run'], text), {
    code: 3,
    stdout: /from standard input, tried: 2 lines read\n  inserted 1, .*rejected 1/,
  })
  t.equal(await count('media_articles'), 0)
})

t.test('BOND_SYMBOL reaches the scores, and rescore follows a change of it', async (t) => {
  const withBond = { ...ENVIRONMENT, BOND_SYMBOL: 'TLT' }
  const [header, ...rows] = (await readFile(SAMPLE_BARS, 'utf8')).trimEnd().split('\n')
  const bond = [header, ...rows.map((row) => `${row.slice(0, 10)},9,9,9,9,9,0`)].join('\n')
  await runCommand(t, ['load', 'bars', '-', '--symbol', 'TLT', '--kind', 'bond'], withBond, bond)
  await runCommand(t, ['load', 'bars', SAMPLE_BARS, ...GSPC], withBond)
  const coverage = async () =>
    (await pool`select coverage from score_snapshots order by as_of desc limit 1`)[0]?.['coverage'] as number
  t.equal(await coverage(), 0.85)
  t.match(await run(['rescore']), { code: 0, stdout: /^scores changed: \d{4}\n  database: .*\n$/ })
  t.equal(await coverage(), 0.7)
})

t.test('Ctrl-C while the file is read: nothing is kept, exit code 130', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const command = startCommand(t, ['load', 'articles', '-'], ENVIRONMENT)
    command.stdin.write(ndjson(Array.from({ length: 5000 }, (_, number) => article(number))))
    await stagedRows()
    command.signal(signal)
    t.strictSame(
      await command.ended,
      { code: 130, stdout: '', stderr: 'interrupted; nothing was loaded\n' },
      signal,
    )
    t.equal(await count('media_articles'), 0)
    // Or the next turn would take its rows for those of its own.
    await until(
      () =>
        server.sql`select 1 where not exists (select from pg_stat_progress_copy where datname = current_database())`,
    )
  }
})

t.test('Ctrl-C while the load waits its turn to write does not wait with it', async (t) => {
  const other = await server.sql.reserve()
  await other`select pg_advisory_lock(${LOAD_LOCK})`
  const command = startCommand(t, ['load', 'articles', '-'], ENVIRONMENT)
  command.stdin.end(ndjson([article(1)]))
  const waiting = () => server.sql`select 1 from pg_stat_activity
    where wait_event = 'advisory' and datname = current_database()`
  await until(waiting)
  command.signal('SIGINT')
  t.match(await command.ended, { code: 130, stdout: '', stderr: 'interrupted; nothing was loaded\n' })
  t.equal(
    (await waiting()).length,
    1,
    'ended by the signal and not by the limit of the wait, which the server still keeps',
  )
  await other`select pg_advisory_unlock(${LOAD_LOCK})`
  other.release()
  t.equal(await count('media_articles'), 0)
})

/** Resolves when a load has sent rows and waits for more of its file. */
function stagedRows(): Promise<void> {
  return until(
    () => server.sql`select 1 from pg_stat_progress_copy
    where tuples_processed > 0 and datname = current_database()`,
  )
}

async function until(condition: () => Promise<readonly object[]>): Promise<void> {
  while ((await condition()).length === 0) await wait(10)
}
