// The commands about analyses, against a real service: analyse, savings, forget; and a clear of what was paid for where none runs.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { runCommand, runHere } from '../../support/commands.ts'
import { createDatabase } from '../../support/databases.ts'
import { addPaidAnalyser } from '../../support/paid-analyser.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { program, ROOT } from '../../support/root.ts'
import { startService } from '../../support/service.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const service = await startService(t, { DATABASE_URL, ANALYSIS_KEY: 'ab'.repeat(32) })
const paid = addPaidAnalyser(service)
const there = { DATABASE_URL, BAROMETER_SERVICE: service.url }
const TODAY = new Date().toISOString().slice(0, 10)
const SUBJECT = 'Zoë Example'
const kept = async () =>
  (await service.database.rows<{ key: string }>(sql`select key from analyses order by key`)).map(
    ({ key }) => key,
  )
const directory = await mkdtemp(path.join(tmpdir(), 'barometer-analyse-'))
t.teardown(() => rm(directory, { recursive: true }))

/** Writes a file with this content; its path. */
async function fileOf(content: string | Buffer): Promise<string> {
  const file = path.join(directory, `${randomUUID()}.txt`)
  await writeFile(file, content)
  return file
}

const analyse = async (args: string[], text = 'Shares rally', environment: Record<string, string> = there) =>
  runHere(['analyse', await fileOf(text), ...args], environment)

t.test('a text is analysed once; what it cost is said, and HIT or MISS', async (t) => {
  const asked = ['--analyser', 'paid', '--tone', 'dry', '--parameter', 'depth=3', '--parameter', 'by=a=b']
  const first = await analyse(asked)
  t.match(
    [first.code, first.stderr, JSON.parse(first.stdout)],
    [
      0,
      '',
      {
        ...{ service: service.url, cache: 'MISS', kind: 'text', analyser: 'paid', tone: 'dry' },
        ...{ parameters: { depth: 3, by: 'a=b' }, result: { verdict: 'calm' } },
        cost: { amount: '0.002', currency: 'EUR' },
      },
    ],
  )
  // From standard input.
  const second = await runCommand(t, ['analyse', '-', ...asked, '--no-json'], there, 'Shares  rally\r\n')
  t.match(second, { code: 0, stdout: /: HIT, analysed at \d{4}-.* for 0\.002 EUR\n[^]*\n +verdict +calm\n/ })
  t.equal(paid.calls, 1)
  t.match(await analyse([...asked, '--anew', '--no-json']), {
    code: 0,
    stdout: /: MISS, analysed for 0\.002 EUR\n/,
  })
  t.equal(paid.calls, 2)
})

t.test('what the service refuses is said, and so is that nobody is there', async (t) => {
  const refused = await analyse(['--analyser', 'nobody'])
  const unread = await runHere(['analyse', '/nowhere/text.txt'], there)
  const nowhere = await analyse([], 'Shares rally', { DATABASE_URL, PORT: String(await freePort()) })
  t.match(refused, {
    code: 1,
    stdout: '',
    stderr: /answered 400: .*there is no such; there are lexicon, paid/,
  })
  t.match(unread, { code: 1, stdout: '', stderr: /^error: the file cannot be opened: ENOENT/ })
  t.match(nowhere, { code: 1, stdout: '', stderr: /^error: no service at .*; start it, or name another/ })
})

t.test('wrong usage costs nothing', async (t) => {
  const before = paid.calls
  const wrong: [args: string[], message: RegExp][] = [
    [['analyse', '-', '--parameter', 'depth'], /must be name=value/],
    [['analyse', '-', '--subject', 'a\u0007b'], /the subject holds a control character/],
    [['analyse', '-', '--file', '--subject', ' a'], /must not begin or end with a blank/],
    [['analyse', await fileOf(Buffer.from([0xff]))], /is no text in UTF-8/],
    [['analyse', await fileOf('x'.repeat(3_000_000))], /too long for a text; --file/],
    [['savings', '--from', '2026-02-30x'], /must be a day/],
    [['savings', '--by', 'person'], /Allowed choices are day, analyser/],
    [['forget'], /name the subject, or set BAROMETER_SUBJECT/],
  ]
  for (const [args, message] of wrong)
    t.match(await runHere(args, there), { code: 2, stdout: '', stderr: message }, args.join(' '))
  t.equal(paid.calls, before)
})

t.test('savings as a table, with totals', async (t) => {
  const table = await runHere(['savings', '--by', 'analyser', '--no-json'], there)
  t.match(table, {
    code: 0,
    stdout: new RegExp(
      `^${service.url}:\n +analyser +calls +failures +hits +shared +hit rate +spent +saved +currency
 +paid +2 +0 +1 +0 +33\\.3 % +0\\.004 +0\\.002 +EUR
 +total +2 +0 +1 +0 +33\\.3 % +0\\.004 +0\\.002 +EUR
for each unit spent, 0\\.5 were saved\n$`,
    ),
  })
  const days = await runHere(['savings', '--from', TODAY], there)
  t.match(JSON.parse(days.stdout), { data: [{ day: TODAY, calls: 2 }], total: { calls: 2, roi: 0.5 } })
  const before = await runHere(['savings', '--to', '2020-01-01'], there)
  t.match(JSON.parse(before.stdout), { data: [], total: { calls: 0 } })
})

t.test('a person is named by the environment, asked about at a terminal, and forgotten', async (t) => {
  const about = { ...there, BAROMETER_SUBJECT: SUBJECT }
  const cacheOf = async (environment: Record<string, string>) =>
    (JSON.parse((await analyse([], 'About somebody', environment)).stdout) as { cache: string }).cache
  t.strictSame([await cacheOf(about), await cacheOf(about), await cacheOf(there)], ['MISS', 'HIT', 'MISS'])
  const personal = async () => (await kept()).filter((key) => key.includes('subject=')).length
  t.equal(await personal(), 1)

  const declined = await atTerminal(['forget'], about, 'n')
  t.match(declined, {
    code: 1,
    text: /about "Zoë Example"\? It cannot be undone. \[y\/N\][^]*nothing was deleted/,
  })
  t.equal(await personal(), 1)
  const done = await runHere(['forget', SUBJECT], there)
  const answer = JSON.parse(done.stdout) as { subject_hash: string }
  t.match([done.code, answer], [0, { deleted: 1, receipt: { seq: Number, scope: 'fleet', pending: false } }])
  t.equal(await personal(), 0)
  t.equal(await cacheOf(about), 'MISS')
  t.match(await atTerminal(['forget', '--no-json'], about, 'y'), {
    code: 0,
    text: new RegExp(
      `forgotten, 1 result deleted\\s+number \\d+ in the clear log; applied by 1 running instance\\s+the log knows the person as ${answer.subject_hash} alone`,
    ),
  })
  const nowhere = { DATABASE_URL, PORT: String(await freePort()) }
  t.match(await runHere(['forget', SUBJECT], nowhere), {
    code: 4,
    stdout: '',
    stderr: /^error: no service at/,
  })
})

t.test(
  'a file is sent as it is, with its type; the rest is in the query, the person in a header',
  async (t) => {
    const got: { url: string | undefined; headers: IncomingHttpHeaders; body: Buffer }[] = []
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const body = Buffer.concat((await request.toArray()) as Buffer[])
      got.push({ url: request.url, headers: request.headers, body })
      response
        .writeHead(200, { 'content-type': 'application/json', 'x-cache': 'MISS' })
        .end('{"kind":"file"}')
    }
    const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const bytes = Buffer.from([0xff, 0, 0x0a, 0x80])
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const args = ['--file', '--type', 'image/png', '--language', 'fr', '--parameter', 'depth=3', '--anew']
    const done = await runHere(['analyse', await fileOf(bytes), ...args], {
      BAROMETER_SERVICE: url,
      BAROMETER_SUBJECT: SUBJECT,
      BAROMETER_API_KEY: 'secret',
    })
    t.match(done, { code: 0, stdout: /"cache":"MISS","kind":"file"/ })
    t.match(got, [
      {
        url: `/api/v1/analyses?language=fr&parameters=${encodeURIComponent('{"depth":3}')}`,
        headers: { 'content-type': 'image/png', 'cache-control': 'no-cache', 'x-api-key': 'secret' },
        body: bytes,
      },
    ])
    t.equal(Buffer.from(String(got[0]?.headers['x-subject']), 'latin1').toString(), SUBJECT)
  },
)

t.test('where no service answers, a clear deletes what it names of what was paid for', async (t) => {
  const nowhere = { DATABASE_URL, PORT: String(await freePort()) }
  const texts = (await kept()).length
  t.ok(texts >= 2)
  const dry = await runHere(['clear', 'text:*', '--dry-run'], nowhere)
  t.match(
    [dry.code, JSON.parse(dry.stdout)],
    [
      0,
      {
        by: 'log',
        dry_run: true,
        pattern: 'text:*',
        analyses: { count: texts, cost: [{ amount: '0.002', currency: 'EUR' }] },
      },
    ],
  )
  t.match(await runHere(['clear', '*', '--yes'], nowhere), { code: 0 })
  t.match(await runHere(['clear', 'analysis:*', '--no-json'], nowhere), {
    code: 0,
    stdout: /; 0 kept results of analyses deleted, and written to the clear log/,
  })
  t.equal((await kept()).length, texts, 'neither names them')
  const done = await runHere(['clear', 'text:*', '--no-json'], nowhere)
  t.match(done, {
    code: 0,
    stdout: new RegExp(
      `; ${texts} kept results of analyses that cost 0\\.002 EUR deleted, and written to the clear log .* applied by 1 running`,
    ),
  })
  t.strictSame(await kept(), [])
  t.match(JSON.parse((await analyse(['--analyser', 'paid'])).stdout), { cache: 'MISS' })
})

/** Runs a command where somebody sits at a terminal, who answers so. */
async function atTerminal(args: string[], environment: Record<string, string>, answer: string) {
  const command = [process.execPath, ...program('src/cli/index'), ...args].join(' ')
  const { PATH = '', HOME = '' } = process.env
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  let isAsked = false
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (isAsked || !text.includes('[y/N]')) return
    isAsked = true
    child.stdin.write(`${answer}\n`)
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, text }
}
