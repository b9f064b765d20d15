// The embedded PostgreSQL: one server a data directory, whoever opens it, however its processes end.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { sql } from 'drizzle-orm'
import t, { type Test } from 'tap'
import { program } from '../../support/root.ts'
import { loadConfig } from '../../../src/config.ts'
import { serverAccount } from '../../../src/db/embedded/account.ts'
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/db/embedded/index.ts'
import { findPostmaster } from '../../../src/db/embedded/postmaster.ts'
import { DatabaseUnavailable } from '../../../src/db/errors.ts'
import { openConfiguredDatabase } from '../../../src/db/open.ts'

const POLL_MS = 20
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
  const child = spawn(process.execPath, [...program('test/faults/db/embedded-process'), dataDir], {
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

async function isGone(dataDir: string): Promise<void> {
  while (findPostmaster(path.join(dataDir, 'postgres')) !== null) await sleep(POLL_MS)
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

t.test('a server whose owner is killed ends by itself', async (t) => {
  const dataDir = sharedDir
  const owner = openElsewhere(t, dataDir)
  t.match(await owner.opened, { owned: true })
  owner.child.kill('SIGKILL')
  await isGone(dataDir)
  t.match(await open(t, dataDir), { owned: true }, 'and can be opened again')
})

t.test('a server whose supervisor is killed goes on, and its owner still ends it', async (t) => {
  const dataDir = sharedDir
  const server = await open(t, dataDir)
  const { stdout } = spawnSync('ps', ['-o', 'ppid=', '-p', String(server.pid)], { encoding: 'utf8' })
  process.kill(Number(stdout), 'SIGKILL')
  t.same(await query(server.url, 'select 1 as one'), [{ one: 1 }])
  await server.stop()
  t.equal(findPostmaster(path.join(dataDir, 'postgres')), null)
})

t.test('a crash while it is created leaves nothing that is taken for a database', async (t) => {
  const dataDir = await newDataDir(t)
  const events = watch(dataDir)
  t.teardown(() => events.close())
  const creator = openElsewhere(t, dataDir)
  const [, draft] = (await once(events, 'change')) as [string, string]
  creator.child.kill('SIGKILL')
  await once(creator.child, 'exit')
  t.match(draft, new RegExp(`^postgres\\.${creator.child.pid}\\.`))
  t.notOk((await readdir(dataDir)).includes('postgres'))
  t.match(await open(t, dataDir), { owned: true })
})

t.test('a postmaster.pid that was left over is not taken for a server', async (t) => {
  const dataDir = sharedDir
  const databaseDir = path.join(dataDir, 'postgres')
  const file = path.join(databaseDir, 'postmaster.pid')
  const crash = async (server: EmbeddedPostgres): Promise<string> => {
    process.kill(server.pid, 'SIGKILL')
    await isGone(dataDir)
    return readFile(file, 'utf8')
  }
  const first = await open(t, dataDir)
  await query(first.url, 'create table committed as select 43 as value')
  const text = await crash(first)
  t.match(text, new RegExp(`^${first.pid}\n`), 'the file names a process that is gone')
  const second = await open(t, dataDir)
  t.equal(second.owned, true)

  await t.test('nor where its process id is somebody else’s by now', async (t) => {
    const left = await crash(second)
    // Of the account that PostgreSQL runs as, which makes it believe such a file; and with a command line that names the directory.
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', databaseDir], {
      ...(isRoot ? serverAccount(databaseDir) : {}),
      cwd: '/',
    })
    t.teardown(() => stranger.kill('SIGKILL'))
    await once(stranger, 'spawn')
    await writeFile(file, left.replace(/^\d+/, String(stranger.pid)))
    t.equal(findPostmaster(databaseDir), null)
    const third = await open(t, dataDir)
    t.equal(third.owned, true)
    t.same(await query(third.url, 'select value from committed'), [{ value: 43 }])
    t.equal(stranger.exitCode, null)
    await third.stop()
  })
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

t.test('a service whose server is killed, or ends with its owner, starts it again', async (t) => {
  const dataDir = sharedDir
  const owner = openElsewhere(t, dataDir)
  const { pid } = await owner.opened
  const database = await openConfiguredDatabase(loadConfig({ DATA_DIR: dataDir }))
  t.teardown(() => database.close())
  const ask = () => database.rows<{ one: number }>(sql`select 1 as one`)
  /** By another server than this one, whose sessions may answer for a moment after it was killed. */
  const untilAnswered = async (before?: number): Promise<number> => {
    for (;;) {
      const answer = await ask().catch((error: unknown) => {
        t.ok(error instanceof DatabaseUnavailable)
        return null
      })
      const server = findPostmaster(path.join(dataDir, 'postgres'))?.pid
      if (answer !== null && server !== undefined && server !== before) return server
    }
  }
  t.equal(await untilAnswered(), pid, 'it found the one that runs')
  await owner.close()
  const second = await untilAnswered(pid)
  process.kill(second, 'SIGKILL')
  t.not(await untilAnswered(second), second, 'a third')
  await database.close()
  t.equal(findPostmaster(path.join(dataDir, 'postgres')), null, 'what it started, it ends')
})
