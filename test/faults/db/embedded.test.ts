// The embedded PostgreSQL when its owner, its supervisor or the server itself is killed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
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
