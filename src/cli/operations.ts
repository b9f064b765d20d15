// The commands of whoever runs the service: their options and their help.
import { InvalidArgumentError, type Command } from 'commander'
import { SCOPES } from '../access/keys.ts'
import { checkPattern, checkReason, checkTag, type Selector } from '../cache/index.ts'
import { loadConfig } from '../config.ts'
import { addAnalysisCommands } from './analysis-commands.ts'
import { runClear, type ClearOptions } from './clear-command.ts'
import type { CommandContext } from './context.ts'
import { runDoctor } from './doctor/index.ts'
import { CommandError, EXIT } from './exits.ts'
import { runNewKey } from './keys-command.ts'
import { runInspect, runStats } from './look-commands.ts'
import { readChecked, readCount, withOutputForm, withServiceAddress, type Flags } from './options.ts'
import { serviceAddress } from './service.ts'

interface ClearFlags extends Flags, ClearOptions {
  key?: string
  tag?: string
}

const WATCH_SECONDS = 2
const KEY_HELP = `
BAROMETER_API_KEY is sent to the service where it asks for a key.`
const CLEAR_HELP = `
On a terminal it shows how many keys it would be and asks; --yes spares the question. Where there is no terminal, only
clearing everything ('*') needs --yes. BAROMETER_API_KEY is sent to the service where it asks for a key with the scope
ops. Where no service answers, the clear is written to the database, and waits until every instance that serves from it
has applied it; --dry-run and --max need a service, as only that can count. Clearing text:* or analysis:* deletes what was paid
for as well, in PostgreSQL.

  barometer clear 'media:*' --dry-run
  barometer clear --tag source:hespress --reason 'titles were wrong'
  barometer clear '*' --max 5000 --yes`
const INSPECT_HELP = `
A key is category:name:parameters, with the parameters sorted. What the service logs at debug has them; so has a dry run.

  barometer inspect 'volume:latest:days=30&symbol=^GSPC'
${KEY_HELP}`
const DOCTOR_HELP = `
Looks at the configuration, PostgreSQL, a pooler in front of it, Redis, the running service and the analysers, and says of
each finding what to do about it. It writes one short-lived key into Redis and takes it away again, sends one notification
through PostgreSQL, and connects to each analyser without asking it anything; otherwise it changes nothing. Exit code 0: all
is well; 5: something has to be mended; 6: something should be.`

/** @param done takes the exit code. */
export function addOperations(
  program: Command,
  environment: NodeJS.ProcessEnv,
  done: (exitCode: number) => void,
): void {
  const print = (json: boolean) => (value: object, text: string) =>
    console.log(json ? JSON.stringify(value) : text)
  const isJson = ({ json }: Flags): boolean => json ?? !process.stdout.isTTY
  const contextOf = (flags: Flags): CommandContext => {
    const config = loadConfig(environment)
    const json = isJson(flags)
    const service = flags.service ?? (environment['BAROMETER_SERVICE'] || undefined)
    return {
      config,
      address: serviceAddress(config, service, environment),
      json,
      output: print(json),
    }
  }

  program
    .command('serve')
    .description('start the service, as npm start does; SIGTERM or SIGINT stops it')
    .action(async () => {
      await import('../server.ts')
      // The service ends the process itself, with its own exit code.
      await new Promise(() => undefined)
    })

  withOutputForm(withServiceAddress(program.command('stats')))
    .description('the state of the cache, as the running service sees it')
    .option(
      '--watch [seconds]',
      `again and again until interrupted (default: every ${WATCH_SECONDS})`,
      readSeconds,
    )
    .addHelpText('after', KEY_HELP)
    .action(async (flags: Flags & { watch?: number | true }) => {
      const { watch } = flags
      done(
        await runStats(contextOf(flags), watch === undefined ? null : watch === true ? WATCH_SECONDS : watch),
      )
    })

  withOutputForm(withServiceAddress(program.command('clear')))
    .description('clear cached answers, on all instances')
    .argument('[pattern]', "glob over cache keys, such as 'media:*'", readChecked(checkPattern))
    .option('--key <key>', 'one whole key in place of a pattern')
    .option('--tag <tag>', 'whatever is made of these data in place of a pattern', readChecked(checkTag))
    .option('--dry-run', 'clear nothing; say how many keys it would be, and some of them')
    .option('--max <count>', 'clear nothing if it would be more keys than this', readCount)
    .option('--reason <text>', 'why, for the log of clears', readChecked(checkReason))
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', CLEAR_HELP)
    .action(async (pattern: string | undefined, flags: ClearFlags) => {
      done(await runClear(contextOf(flags), selectorOf({ pattern, ...flags }), flags))
    })

  withOutputForm(withServiceAddress(program.command('inspect')))
    .description('what memory and Redis have of one key, and what it is worth')
    .argument('<key>', 'the whole key')
    .addHelpText('after', INSPECT_HELP)
    .action(async (key: string, flags: Flags) => {
      done(await runInspect(contextOf(flags), key))
    })

  addAnalysisCommands(program, environment, contextOf, done)

  withOutputForm(program.command('keys').description('API keys').command('new'))
    .description('make an API key: it is shown once, API_KEYS has only its hash')
    .argument('<name>', 'who is to use it; the log and the list of clears name it')
    .requiredOption('--scopes <scopes>', `what it may do: ${SCOPES.join(', ')}, joined by +`)
    .action((name: string, flags: Flags & { scopes: string }) => {
      done(runNewKey(loadConfig(environment), name, flags.scopes, print(isJson(flags))))
    })

  withOutputForm(withServiceAddress(program.command('doctor')))
    .description('find out what is wrong, and what to do about it')
    .addHelpText('after', DOCTOR_HELP)
    .action(async (flags: Flags) => {
      done(await runDoctor(environment, flags.service, print(isJson(flags))))
    })
}

/** @throws CommandError unless there is exactly one of them. */
function selectorOf({ pattern, key, tag }: { pattern: string | undefined } & ClearFlags): Selector {
  const given = Object.entries({ pattern, key, tag }).flatMap(([kind, selector]) =>
    selector === undefined ? [] : [{ kind: kind as Selector['kind'], selector }],
  )
  const [selector] = given
  if (selector === undefined || given.length > 1)
    throw new CommandError("name one pattern, or --key, or --tag; everything is '*'", {
      exitCode: EXIT.usage,
    })
  return selector
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds >= 0.1 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('It must be a number of seconds from 0.1 to 3600.')
}
