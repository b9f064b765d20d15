// A `.env` that cannot be taken as it stands keeps the service and the commands from starting; help does without.
import { execFile } from 'node:child_process'
import t from 'tap'
import { program } from '../../support/root.ts'

const run = (folder: string, file: string, ...args: string[]) => {
  const { PATH = '', HOME = '' } = process.env
  const command = [...program(`src/${file}`), ...args]
  return new Promise<object>((resolve) => {
    const child = execFile(
      process.execPath,
      command,
      { cwd: folder, env: { PATH, HOME } },
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

t.test('the service and each command say what is wrong, by name, and end with 2', async (t) => {
  const folder = t.testdir({ '.env': 'PORT=8001\nREDIS_PASSWORD=abc#def\n' })
  const [service, keys, doctor, help] = await Promise.all([
    run(folder, 'server'),
    run(folder, 'cli/index', 'keys', 'new', 'x', '--scopes', 'ops'),
    run(folder, 'cli/index', 'doctor', '--no-json'),
    run(folder, 'cli/index', 'load', '--help'),
  ])
  const message = /\.env, line 2: the value of REDIS_PASSWORD has a # in it: put it in quotes\n$/
  t.match(service, { code: 2, stderr: message })
  t.match(keys, { code: 2, stdout: '', stderr: message })
  t.match(doctor, { code: 5, stdout: /configuration.*: \.env, line 2: the value of REDIS_PASSWORD/ })
  t.match(help, { code: 0, stdout: /Usage/ })
})

t.test('a byte order mark does not cost the first setting', async (t) => {
  const folder = t.testdir({ '.env': '\u{feff}PORT=none\n' })
  t.match(await run(folder, 'server'), { code: 2, stderr: /PORT must be a whole decimal number/ })
})
