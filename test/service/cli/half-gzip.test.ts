// A packed file that breaks off, or is damaged, is refused as a whole: its beginning is no shorter file.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { runCommand } from '../../support/commands.ts'
import { article, ndjson, startLoadingDatabase } from '../../support/loading.ts'

const { server, pool } = await startLoadingDatabase(t)
const ENVIRONMENT = { DATABASE_URL: server.url, PORT: String(await freePort()) }
/** Long enough that a half of it has whole lines in it; what does not repeat packs badly. */
const ARTICLES = Array.from({ length: 2000 }, (_, number) =>
  article(number, { title: `Title ${Math.sin(number)}` }),
)
const WHOLE = gzipSync(ndjson(ARTICLES))

const count = async (): Promise<unknown> => (await pool`select count(*)::int as count from media_articles`)[0]

const OTHER_CHECKSUM = Buffer.from(WHOLE)
OTHER_CHECKSUM[WHOLE.length - 6]! ^= 0xff

const BROKEN: Record<string, Buffer> = {
  half: WHOLE.subarray(0, WHOLE.length >> 1),
  // Found out before its reader is there, which waits for the database.
  'its head alone': WHOLE.subarray(0, 10),
  'with another checksum': OTHER_CHECKSUM,
  'one whole and half of another': Buffer.concat([gzipSync(ndjson([article(1)])), WHOLE.subarray(0, 5000)]),
}

for (const [name, bytes] of Object.entries(BROKEN)) {
  t.test(`packed articles, ${name}`, async (t) => {
    const file = path.join(t.testdir(), 'articles.ndjson.gz')
    await writeFile(file, bytes)
    t.match(await runCommand(t, ['load', 'articles', file], ENVIRONMENT), {
      code: 1,
      stdout: '',
      stderr: /^error: the input could not be read to its end: [^\n]+; nothing was loaded\n$/,
    })
    t.strictSame(await count(), { count: 0 })
  })
}

t.test('half a packed file on standard input', async (t) => {
  t.match(await runCommand(t, ['load', 'articles', '-'], ENVIRONMENT, BROKEN['half']), {
    code: 1,
    stdout: '',
    stderr: /^error: the input could not be read to its end: the gzip ends early; nothing was loaded\n$/,
  })
  t.strictSame(await count(), { count: 0 })
})

t.test('the whole file, in one piece or in several', async (t) => {
  const pieces = Buffer.concat([gzipSync(ndjson(ARTICLES.slice(0, 7))), gzipSync(ndjson(ARTICLES.slice(7)))])
  for (const bytes of [WHOLE, pieces]) {
    t.match(await runCommand(t, ['load', 'articles', '-'], ENVIRONMENT, bytes), { code: 0, stderr: '' })
    t.strictSame(await count(), { count: ARTICLES.length })
  }
})
