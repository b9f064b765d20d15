// Reads PostgreSQL's own `postmaster.pid`, which is how a second process finds the embedded server that a first one runs.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'

export interface Postmaster {
  pid: number
  port: number
  status: 'starting' | 'ready' | 'stopping' | 'standby'
}

export interface PostmasterFile extends Postmaster {
  /** What has this process id now: the server itself, something else (after a crash or a reboot), or nothing. */
  owner: 'server' | 'stranger' | 'nobody'
}

/** The live server of a data directory, or null where none runs: a file that was left over counts as none. */
export function findPostmaster(databaseDir: string): Postmaster | null {
  const file = readPostmasterFile(databaseDir)
  return file?.owner === 'server' ? file : null
}

/** What the file says and whether it is still true; null where there is none. */
export function readPostmasterFile(databaseDir: string): PostmasterFile | null {
  let lines: string[]
  try {
    lines = readFileSync(path.join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return null
  }
  // The port and the status are written some time after the pid, so a young file has neither.
  const [pid, directory = '', , port = 0, , , , status = 'starting'] = lines
  return {
    pid: Number(pid),
    port: Number(port),
    status: status.trim() as Postmaster['status'],
    owner: ownerOf(Number(pid), directory, databaseDir),
  }
}

function ownerOf(pid: number, directory: string, databaseDir: string): PostmasterFile['owner'] {
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return 'nobody'
  // Not so in a copy of a data directory whose server still runs.
  if (!isSameDirectory(directory, databaseDir)) return 'stranger'
  const command = commandLineOf(pid)
  // Ids are reused, in a container at once: its processes have the same few after each start.
  if (command === null) return 'server'
  const [program = '', directoryOnwards = ''] = command.split(' -D ')
  return program.endsWith('postgres') && directoryOnwards.startsWith(directory) ? 'server' : 'stranger'
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isSameDirectory(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    return false
  }
}

/** Program and arguments; empty for a process that ended and waits for its parent, null where that cannot be told. */
function commandLineOf(pid: number): string | null {
  if (process.platform === 'win32') return null
  if (!existsSync('/proc/self/cmdline')) {
    const { status, stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
    return status === 0 ? stdout : null
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return null
  }
}
