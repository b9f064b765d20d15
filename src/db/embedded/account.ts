// Which operating system account runs the embedded PostgreSQL. PostgreSQL refuses to run as root, yet containers and CI often are root.
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** `nobody` on every Linux that has no `postgres` account; it owns nothing but this data directory. */
const NOBODY = { uid: 65534, gid: 65534 }
const SETPRIV_PATHS = ['/usr/bin/setpriv', '/bin/setpriv']

export interface Launch {
  command: string
  args: string[]
  uid?: number
  gid?: number
}

/**
 * How to launch a Node script under an account that PostgreSQL accepts.
 *
 * Not root: as it is. Root: under the owner of the data directory, else `postgres`, else `nobody`. Where that account could not reach
 * the project or the data (a checkout in `/root`, a private temporary folder), it keeps root's right to pass and read directories
 * (two capabilities, by util-linux's setpriv) but not its user id.
 */
export function launchPlan(nodeArgs: string[], databaseDir: string, projectFile: string): Launch {
  const plain = { command: process.execPath, args: nodeArgs }
  if (process.getuid?.() !== 0) return plain
  const account = serverAccount(databaseDir)
  const open = [databaseDir, projectFile, process.execPath].every(reachableByOthers)
  const setpriv = SETPRIV_PATHS.find(existsSync)
  if (open || setpriv === undefined) return { ...plain, ...account }
  const capabilities = '+dac_override,+dac_read_search'
  return {
    command: setpriv,
    args: [
      `--reuid=${account.uid}`,
      `--regid=${account.gid}`,
      '--clear-groups',
      `--inh-caps=${capabilities}`,
      `--ambient-caps=${capabilities}`,
      // Without it access(2), by which PostgreSQL checks its own programs, leaves capabilities out of account.
      '--securebits=+no_setuid_fixup',
      process.execPath,
      ...nodeArgs,
    ],
  }
}

/** The account that owns, or will own, the data directory when this process is root. */
export function serverAccount(databaseDir: string): { uid: number; gid: number } {
  const owner = existsSync(databaseDir) ? statSync(databaseDir) : undefined
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  try {
    accessSync('/etc/passwd', constants.R_OK)
    const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m)
    return line === null ? NOBODY : { uid: Number(line[1]), gid: Number(line[2]) }
  } catch {
    return NOBODY
  }
}

function reachableByOthers(file: string): boolean {
  for (let dir = path.dirname(path.resolve(file)); ; dir = path.dirname(dir)) {
    if (existsSync(dir) && (statSync(dir).mode & 0o005) !== 0o005) return false
    if (dir === path.dirname(dir)) return true
  }
}
