// The embedded PostgreSQL: one server a data directory, whoever opens it, and as many as do so at once.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import postgres from 'postgres'
import t, { type Test } from 'tap'
import { program } from '../../support/root.ts'
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/db/embedded/index.ts'
import { findPostmaster } from '../../../src/db/embedded/postmaster.ts'

const isRoot = process.getuid?.() === 0

async function newDataDir(t: Test): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'barometer-embedded-'))
  t.teardown(async () => {
    // Whatever a failed test left running.
    const left = findPostmaster(path.join(dataDir, 'postgres'))
    if (left !== null) process.kill(left.pid, 'SIGKILL')
    await rm(dataDir, { recursive: true, force: true })
  })
  return dataDir
}

/** Of the tests that need no fresh one: making one takes a while. */
const sharedDir = await newDataDir(t)

async function open(t: Test, dataDir: string): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres(dataDir)
  t.teardown(() => server.stop())
  return server
}

interface OtherProcess {
  child: ChildProcess
  /** What it opened. */
  opened: Promise<Pick<EmbeddedPostgres, 'url' | 'pid' | 'owned'>>
  /** Ends it as it wants to end. */
  close(): Promise<void>
}

function openElsewhere(t: Test, dataDir: string): OtherProcess {
  const child = spawn(process.execPath, [...program('test/support/embedded-process'), dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.stdin.end()
    await exited
  }
  t.teardown(close)
  const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>
  const opened = line.then(([text]) => JSON.parse(text) as Awaited<OtherProcess['opened']>)
  // A process that is killed first says nothing; only who waits for it minds.
  opened.catch(() => undefined)
  return { child, opened, close }
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return [...(await client.unsafe(text))]
  } finally {
    await client.end({ timeout: 1 })
  }
}

t.test('the first to open it creates and owns it, others connect, and its owner ends it', async (t) => {
  const dataDir = sharedDir
  const first = await open(t, dataDir)
  t.equal(first.owned, true)
  const second = await open(t, dataDir)
  t.match(second, { owned: false, url: first.url, pid: first.pid, port: first.port })
  const other = openElsewhere(t, dataDir)
  t.same(await other.opened, { owned: false, url: first.url, pid: first.pid })
  await second.stop()
  await other.close()
  t.same(await query(second.url, 'select 1 as one'), [{ one: 1 }], 'who does not own it leaves it alone')
  await first.stop()
  t.equal(findPostmaster(path.join(dataDir, 'postgres')), null)
  await t.rejects(query(first.url, 'select 1'), { code: 'ECONNREFUSED' })
})

t.test('what was written is there after a restart, on the same port while that is free', async (t) => {
  const dataDir = sharedDir
  const first = await open(t, dataDir)
  await query(first.url, 'create table kept as select 42 as value')
  await first.stop()
  const second = await open(t, dataDir)
  t.equal(second.owned, true)
  t.same(await query(second.url, 'select value from kept'), [{ value: 42 }])
  t.equal(second.url, first.url)
  await second.stop()
  const squatter = createServer().listen(first.port, '127.0.0.1')
  t.teardown(() => squatter.close())
  await once(squatter, 'listening')
  const third = await open(t, dataDir)
  t.not(third.port, first.port)
  t.same(await query(third.url, 'select value from kept'), [{ value: 42 }])
})

t.test('processes that open a fresh directory at once agree on one server', async (t) => {
  const dataDir = path.join(await newDataDir(t), 'not', 'there', 'yet')
  // Drafts that a crash left behind go; those of a process that lives may be in use.
  const gone = spawnSync(process.execPath, ['--version']).pid
  const [dead, alive] = [`postgres.${gone}.0123abcd`, `postgres.${process.pid}.0123abcd`]
  for (const draft of [dead, alive]) await mkdir(path.join(dataDir, draft, 'base'), { recursive: true })
  const others = [openElsewhere(t, dataDir), openElsewhere(t, dataDir)]
  const all = [await open(t, dataDir), ...(await Promise.all(others.map(({ opened }) => opened)))]
  t.equal(all.filter(({ owned }) => owned).length, 1)
  for (const { url, pid } of all) t.match({ url, pid }, { url: all[0]?.url, pid: all[0]?.pid })
  t.same((await readdir(dataDir)).sort(), ['postgres', alive], 'and leave nothing of theirs behind')
})

t.test(
  'a directory that is no database is left alone, and the error says what PostgreSQL says',
  async (t) => {
    const dataDir = await newDataDir(t)
    const file = path.join(dataDir, 'postgres', 'notes.txt')
    await mkdir(path.dirname(file))
    await writeFile(file, 'mine')
    await t.rejects(openEmbeddedPostgres(dataDir), { message: /did not start: .*(directory|ownership)/s })
    t.equal(await readFile(file, 'utf8'), 'mine')
  },
)

t.test(
  'under root it runs as somebody else, below a directory that is root’s alone',
  {
    skip: isRoot ? false : 'not root',
  },
  async (t) => {
    const dataDir = sharedDir
    const { mode, uid } = await stat(path.dirname(path.join(dataDir, 'postgres')))
    t.same([mode & 0o777, uid], [0o700, 0])
    const { pid, url } = await open(t, dataDir)
    const { stdout } = spawnSync('ps', ['-o', 'uid=', '-p', String(pid)], { encoding: 'utf8' })
    t.not(Number(stdout), 0)
    t.same(await query(url, 'select 1 as one'), [{ one: 1 }])
  },
)
