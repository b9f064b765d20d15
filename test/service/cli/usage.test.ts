// What the command line says when there is nothing it can do: one line, and an exit code that tells whose turn it is.
import path from 'node:path'
import t from 'tap'
import { article, ndjson, SAMPLE_BARS } from '../../support/loading.ts'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { runCommand } from '../../support/commands.ts'

const server = await sharedPostgres(t)
const ENVIRONMENT = { DATABASE_URL: server.url, PORT: String(await freePort()) }
const GSPC = ['--symbol', '^GSPC']

const run = (args: string[], input?: string) => runCommand(t, args, ENVIRONMENT, input)

t.test('a database that is not migrated is said to be so, and migrate is the remedy', async (t) => {
  const asItIs = { ...ENVIRONMENT, MIGRATE_ON_START: 'false' }
  const loadOne = () => runCommand(t, ['load', 'articles', '-'], asItIs, ndjson([article(1)]))
  t.match(await loadOne(), { code: 1, stdout: '', stderr: /^error: the database is not migrated: .*\n$/ })
  const migrated = await runCommand(t, ['migrate'], asItIs)
  t.match(migrated, { code: 0, stdout: /^the schema is up to date: 127\.0\.0\.1:\d+\/test_\w+\n$/ })
  t.match(await loadOne(), { code: 0, stdout: /inserted 1/ })
})

t.test('what cannot be loaded at all is one line and exit code 1', async (t) => {
  const failures: [args: string[], input: string, message: RegExp][] = [
    [['load', 'bars', 'no-such-file.csv', ...GSPC], '', /^error: the file cannot be opened: ENOENT.*\n$/],
    [['load', 'bars', '-', ...GSPC], 'a,b\n1,2\n', /^error: the header line has no column `date`, .*\n$/],
    [['load', 'articles', path.dirname(SAMPLE_BARS)], '', /^error: the file cannot be opened: EISDIR.*\n$/],
  ]
  await Promise.all(
    failures.map(async ([args, input, message]) =>
      t.match(await run(args, input), { code: 1, stdout: '', stderr: message }, args.join(' ')),
    ),
  )
  t.match(
    await runCommand(t, ['load', 'bars', SAMPLE_BARS, ...GSPC], {
      DATABASE_URL: `postgres://127.0.0.1:${await freePort()}/x`,
    }),
    { code: 1, stdout: '', stderr: /^error: the database cannot be opened: connect ECONNREFUSED .*\n$/ },
  )
})

t.test('wrong usage and a wrong configuration are exit code 2', async (t) => {
  const wrong: [args: string[], message: RegExp][] = [
    [[], /Usage: barometer/],
    [['load', 'bars', SAMPLE_BARS], /required option '--symbol <symbol>'/],
    [['load', 'bars', SAMPLE_BARS, '--symbol', 'a b'], /argument 'a b' is invalid/],
    [['load', 'bars', SAMPLE_BARS, ...GSPC, '--kind', 'crypto'], /Allowed choices are index, equity, bond/],
    [['clear', 'a', '--service', 'localhost:8001'], /must be an http or https URL/],
    [['clear', ''], /must not be empty/],
    [['clear'], /name one pattern, or --key, or --tag/],
    [['clear', 'media:*', '--key', 'a'], /name one pattern/],
    [['clear', '*'], /clears everything, and there is no terminal to ask at/],
    [['clear', 'a', '--max', '-1'], /must be a whole number/],
    [['clear', 'a', '--reason', 'a\nb'], /must be one line/],
    [['clear', '--tag', 'media'], /must be one of dataset:NAME/],
    [['stats', '--watch', 'often'], /must be a number of seconds/],
    [['keys', 'new', 'a:b', '--scopes', 'ops'], /a name consists of/],
    [['keys', 'new', 'a', '--scopes', 'ops+all'], /there is no scope "all"/],
    [['keys', 'new', 'a'], /required option '--scopes/],
    [['unload'], /unknown command/],
  ]
  await Promise.all(
    wrong.map(async ([args, message]) =>
      t.match(await run(args), { code: 2, stdout: '', stderr: message }, args.join(' ')),
    ),
  )
  t.match(await runCommand(t, ['migrate'], { ...ENVIRONMENT, PORT: 'eighty' }), {
    code: 2,
    stderr: /^error: PORT /,
  })
})

t.test('the help names the commands and explains the exit codes', async (t) => {
  const help = await run(['--help'])
  t.match(help, { code: 0, stderr: '' })
  const commands = ['serve', 'migrate', 'load', 'rescore', 'stats', 'clear', 'inspect', 'keys', 'doctor']
  commands.push('analyse', 'savings', 'forget')
  for (const word of [...commands, 'DATABASE_URL', 'Exit codes:']) t.match(help.stdout, word)
  const bars = await run(['load', 'bars', '--help'])
  for (const word of ['--symbol', '--json', 'Exit codes:']) t.match(bars.stdout, word)
})
