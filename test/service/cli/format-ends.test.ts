// The same files by `load`: exit code, what is said, and that nothing is kept of what is no success.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../../support/commands.ts'
import { FILE_ENDS, type FileEnd } from '../../support/file-ends.ts'
import { startLoadingDatabase } from '../../support/loading.ts'

const { server, pool } = await startLoadingDatabase(t)
const folder = t.testdir()

async function loadFile(t: Test, { format, end, bytes, isPacked, taken }: FileEnd): Promise<void> {
  const name = `${end.replaceAll(' ', '-')}.${format}${isPacked ? '.gz' : ''}`
  const file = path.join(folder, name)
  await writeFile(file, bytes)
  await pool`truncate media_sources, media_articles cascade`
  const { code, stdout, stderr } = await runCommand(t, ['load', 'articles', file], {
    DATABASE_URL: server.url,
  })
  const [{ kept } = { kept: -1 }] = await pool<{ kept: number }[]>`
    select count(*)::int as kept from media_articles`
  if (taken === null) {
    t.match({ code, stdout, kept }, { code: 1, stdout: '', kept: 0 }, name)
    t.match(stderr, /^error: [^\n]+\n$/, `${name}: one line, and no stack`)
    return
  }
  const { inserted, rejected, warns } = taken
  t.strictSame({ code, kept }, { code: rejected > 0 ? 3 : 0, kept: inserted }, name)
  t.equal(/has no line end/.test(stdout + stderr), warns, name)
}

/** A command takes a second to start, and all of them are tried over HTTP. */
const TRIED = new Set([
  'without its line feed',
  'in the middle of a record',
  'blank',
  'behind its header',
  'with an empty array',
])
const TRIED_PACKED = new Set(['in the middle of a record', 'cut after 40 bytes'])

for (const file of FILE_ENDS)
  if ((file.isPacked ? TRIED_PACKED : TRIED).has(file.end))
    t.test(`${file.format}${file.isPacked ? ', packed' : ''}: ${file.end}`, (t) => loadFile(t, file))
