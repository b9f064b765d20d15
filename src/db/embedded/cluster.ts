// Creates the embedded PostgreSQL's data directory, and knows how to log in to its server.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { serverAccount } from './account.ts'
import { isAlive } from './postmaster.ts'
import { launchSupervisor } from './supervised.ts'

export const USER = 'barometer'
const PASSWORD_FILE = 'barometer.password'

/**
 * Creates the data directory beside its place and moves it there whole: a crash in the middle leaves nothing that looks like a database.
 * Where another process did so meanwhile, its directory stays.
 */
export async function createCluster(databaseDir: string, limitMs: number): Promise<void> {
  const parent = path.dirname(databaseDir)
  await mkdir(parent, { recursive: true })
  await removeAbandonedDrafts(databaseDir)
  const draft = `${databaseDir}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    await mkdir(draft, { mode: 0o700 })
    const { uid, gid } = serverAccount(draft)
    if (process.getuid?.() === 0) await chown(draft, uid, gid)
    const password = randomBytes(18).toString('base64url')
    const order = { databaseDir: draft, port: 0, user: USER, password, settings: [] }
    await launchSupervisor({ task: 'initialise', ...order }, 'done', limitMs)
    // On disk before the move, as the rest is: a database that nobody can log in to would be worse than none.
    await writeFile(path.join(draft, PASSWORD_FILE), password, { mode: 0o600, flush: true })
    await rename(draft, databaseDir)
  } catch (error) {
    // Lost the race to another process: its cluster stands, which is all that was wanted.
    if (!existsSync(databaseDir)) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** URL of the server of this data directory on a port, password included. */
export async function connectionUrl(databaseDir: string, port: number): Promise<string> {
  const password = (await readFile(path.join(databaseDir, PASSWORD_FILE), 'utf8')).trim()
  return `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`
}

/** The port the server had last, from PostgreSQL's own note of how it was started. */
export async function lastPort(databaseDir: string): Promise<number | undefined> {
  const command = await readFile(path.join(databaseDir, 'postmaster.opts'), 'utf8').catch(() => '')
  const port = /"-p" "(\d+)"/.exec(command)?.[1]
  return port === undefined ? undefined : Number(port)
}

/** What a crash in the middle left behind. Housekeeping: whatever comes in its way, the database can be made all the same. */
async function removeAbandonedDrafts(databaseDir: string): Promise<void> {
  const parent = path.dirname(databaseDir)
  const draftOf = new RegExp(`^${path.basename(databaseDir)}\\.(\\d+)\\.[0-9a-f]{8}$`)
  for (const name of await readdir(parent)) {
    const pid = draftOf.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    await rm(path.join(parent, name), { recursive: true, force: true }).catch(() => undefined)
  }
}
