// The check before the tests, run as a process with a PATH of its own: what it finds, installs, and says when it cannot.
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { program } from '../../support/root.ts'
import { familiesOf, planInstallation, type Machine } from '../../../scripts/installation.ts'
import { findRedisServer } from '../../support/redis-binary.ts'

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

const OTHERS = {
  prometheus: 'echo "prometheus, version 2.42.0+ds (branch: x)"',
  promtool: 'exit 0',
  chromium: 'echo "Chromium 140.0.1 built on Debian"',
}
const otherLines = (dir: string): string =>
  `prometheus: 2.42.0+ds ${dir}/prometheus\nchromium: Chromium 140.0.1 built on Debian ${dir}/chromium\n`

/** A directory that is the whole PATH of a run: node and what is given, by name the text of a shell script. */
async function searchPath(t: Test, programs: Record<string, string> = {}): Promise<string> {
  const dir = t.testdir()
  await symlink(process.execPath, path.join(dir, 'node'))
  for (const [name, script] of Object.entries({ ...OTHERS, ...programs })) {
    await writeFile(path.join(dir, name), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(dir, name), 0o755)
  }
  return dir
}

function requireServers(dir: string, env: NodeJS.ProcessEnv = {}, args: string[] = []): Promise<Outcome> {
  const argv = [...program('scripts/require-servers'), ...args]
  return new Promise((resolve) => {
    execFile(path.join(dir, 'node'), argv, { env: { PATH: dir, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** Stands in for the package manager: notes each call, and "installs" a server that knows its version. */
const APT_GET = `
echo "$@" >> "$0.log"
case "$1" in install)
  printf '#!/bin/sh\\necho "Redis server v=7.4.1 sha=0"\\n' > "$PATH/redis-server"
  /bin/chmod 755 "$PATH/redis-server"
esac`
/** Root is what the test may lack: then the stand-in for sudo passes the command on. */
const SUDO = 'shift; exec "$@"'

t.test('a server that is there is named with its version', async (t) => {
  const server = findRedisServer()!
  const version = / v=(\S+)/.exec(execFileSync(server, ['--version'], { encoding: 'utf8' }))![1]!
  const dir = await searchPath(t)
  const link = path.join(dir, path.basename(server))
  await symlink(server, link)
  const line = `${path.basename(server)}: ${version} ${link}\n${otherLines(dir)}`
  t.strictSame(await requireServers(dir), { code: 0, stdout: line, stderr: '' })
})

t.test('nothing to install with: one line says what is missing, and how to get it', async (t) => {
  const { code, stdout, stderr } = await requireServers(await searchPath(t))
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^redis-server: not on the PATH, and the tests need it\. Install it with: .+\n$/)
})

t.test('a wrong REDIS_SERVER is an error, not a reason to install', async (t) => {
  const dir = await searchPath(t, { 'apt-get': APT_GET, sudo: SUDO })
  await symlink(findRedisServer()!, path.join(dir, 'redis-server'))
  const { code, stderr } = await requireServers(dir, { REDIS_SERVER: '/nowhere/redis-server' })
  t.equal(code, 1)
  t.match(stderr, /^redis-server: REDIS_SERVER names \/nowhere\/redis-server, .+\n$/)
})

t.test('a missing server is installed by the package manager', async (t) => {
  const dir = await searchPath(t, { 'apt-get': APT_GET, sudo: SUDO })
  const { code, stdout, stderr } = await requireServers(dir)
  t.match(
    stderr,
    /^redis-server: not on the PATH, installing: .*apt-get install -y --no-install-recommends redis-server \(.+\)\n$/,
  )
  t.equal(stdout, `redis-server: 7.4.1 ${dir}/redis-server\n${otherLines(dir)}`)
  t.equal(code, 0)
  t.equal(
    readFileSync(path.join(dir, 'apt-get.log'), 'utf8'),
    'update\ninstall -y --no-install-recommends redis-server\n',
  )
})

t.test('an installation that fails, does nothing, or does not end is a failure', async (t) => {
  await t.test('fails', async (t) => {
    const dir = await searchPath(t, { 'apt-get': 'echo "no network"; exit 100', sudo: SUDO })
    const { code, stderr } = await requireServers(dir)
    t.equal(code, 1)
    t.match(stderr, /could not be installed\. Try it yourself: .*apt-get update\nno network\n$/)
  })
  await t.test('does nothing', async (t) => {
    const { code, stderr } = await requireServers(await searchPath(t, { 'apt-get': 'exit 0', sudo: SUDO }))
    t.equal(code, 1)
    t.match(stderr, /Install it with: .*apt-get install -y --no-install-recommends redis-server\n$/)
  })
  await t.test('does not end', async (t) => {
    const dir = await searchPath(t, { 'apt-get': 'exec /bin/sleep 600', sudo: SUDO })
    const { code, stderr } = await requireServers(dir, {}, ['--limit-seconds', '0.5'])
    t.equal(code, 1)
    t.match(stderr, /not done within 0\.5 s/)
  })
})

t.test('the plan follows the machine', (t) => {
  const machine = (programs: string[], rest: Partial<Machine> = {}): Machine => ({
    platform: 'linux',
    root: false,
    families: [],
    has: (program) => programs.includes(program),
    ...rest,
  })
  const plan = (on: Machine) => planInstallation(on, ['redis'])
  const install = 'apt-get install -y --no-install-recommends'
  const apt = `sudo apt-get update && sudo ${install} redis-server`
  t.match(plan(machine(['apt-get'], { root: true })), {
    steps: [
      ['apt-get', 'update'],
      ['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'],
    ],
    line: `apt-get update && ${install} redis-server`,
    note: /6379/,
  })
  t.strictSame(plan(machine(['apt-get', 'sudo'])).steps?.[0], ['sudo', '-n', 'apt-get', 'update'])
  t.match(plan(machine(['apt-get'])), { steps: null, line: apt }, 'no way to become root')
  t.match(plan(machine([], { families: ['ubuntu', 'debian'] })), { steps: null, line: apt })
  t.match(plan(machine(['dnf', 'sudo'])).steps, [['sudo', '-n', 'dnf', 'install', '-y', 'redis']])
  t.match(plan(machine(['apk'], { root: true })).steps, [['apk', 'add', 'redis']])
  t.match(plan(machine(['brew', 'sudo'], { platform: 'darwin' })).steps, [['brew', 'install', 'redis']])
  t.match(plan(machine([], { platform: 'darwin' })), { steps: null, line: 'brew install redis' })
  t.match(plan(machine([])), { steps: null, line: /^your package manager/ })
  t.match(plan(machine(['brew', 'dnf'], { root: true })).line, 'dnf install -y redis')
  t.match(planInstallation(machine(['apt-get'], { root: true }), ['redis', 'prometheus']), {
    line: `apt-get update && ${install} redis-server prometheus`,
  })
  t.match(planInstallation(machine(['brew']), ['prometheus']).line, 'brew install prometheus')
  t.end()
})

t.test('Prometheus is installed as well, with its tool', async (t) => {
  const dir = await searchPath(t, { 'apt-get': APT_GET.replaceAll('redis-server', 'promtool'), sudo: SUDO })
  await symlink(findRedisServer()!, path.join(dir, 'redis-server'))
  await rm(path.join(dir, 'promtool'))
  const { code, stderr } = await requireServers(dir)
  t.match(
    stderr,
    /^prometheus, promtool: not on the PATH, installing: .*install -y --no-install-recommends prometheus \(.+\)\n$/,
  )
  t.equal(code, 0)
})

t.test('a browser is installed as well', async (t) => {
  const dir = await searchPath(t, { 'apt-get': APT_GET.replaceAll('redis-server', 'chromium'), sudo: SUDO })
  await symlink(findRedisServer()!, path.join(dir, 'redis-server'))
  await rm(path.join(dir, 'chromium'))
  const { code, stderr } = await requireServers(dir)
  t.match(stderr, /^chromium: not on the PATH, installing: .*--no-install-recommends chromium \(.+\)\n$/)
  t.equal(code, 0)
})

t.test('a wrong CHROMIUM is an error, not a reason to install', async (t) => {
  const dir = await searchPath(t, { 'apt-get': APT_GET, sudo: SUDO })
  await symlink(findRedisServer()!, path.join(dir, 'redis-server'))
  const { code, stderr } = await requireServers(dir, { CHROMIUM: '/nowhere/chromium' })
  t.equal(code, 1)
  t.match(stderr, /^chromium: CHROMIUM names \/nowhere\/chromium, .+\n$/)
})

t.test('the family of a Linux is read from its os-release', (t) => {
  t.strictSame(familiesOf('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\n'), [
    'linuxmint',
    'ubuntu',
    'debian',
  ])
  t.strictSame(familiesOf(''), [])
  t.end()
})
