// The commands, their options and their help.
import { Command, InvalidArgumentError, Option } from 'commander'
import { loadConfig } from '../config.ts'
import { applyEnvFile } from '../env-file.ts'
import { FORMATS, type Format } from '../loading/formats.ts'
import { SYMBOL_PATTERN } from '../loading/load.ts'
import type { OnError } from '../loading/staging.ts'
import { INSTRUMENT_KINDS, type InstrumentKind } from '../loading/upsert-bars.ts'
import { VERSION } from '../version.ts'
import type { ReportContext } from './context.ts'
import { EXIT, EXIT_CODES_HELP, reportFailure } from './exits.ts'
import { runLoad, type LoadTarget } from './load-command.ts'
import { addOperations } from './operations.ts'
import { runMigrate, runRescore } from './other-commands.ts'

interface CommonFlags {
  json: boolean
}
interface LoadFlags extends CommonFlags {
  create: boolean
  format?: Format
  onError: OnError
  dryRun: boolean
}
interface BarFlags extends LoadFlags {
  symbol: string
  name?: string
  kind?: InstrumentKind
  currency?: string
  exchange?: string
}

const FILE_HELP = 'path of the file, gzipped or not, or - for standard input'
const ABOUT =
  "Runs the Barometer service, loads its data, looks into its cache, clears it and finds out what is wrong. The configuration is the service's own " +
  '(environment variables and .env); without DATABASE_URL it is the embedded PostgreSQL under DATA_DIR, whether the service runs or not.'
const BARS_HELP = `
The header line names date, open, high, low, close and volume, in any order; other columns are ignored, and the report names
them. Or objects with these fields, one a line or in one array. What names another instrument, a time of day, and one date
with different values are rejected.
Loading replaces what is there for the same symbol and date. Lines that are wrong are reported, the rest is loaded. The report
says which database it went to.

  barometer load bars sp500.csv --symbol ^GSPC --name 'S&P 500'`
const ARTICLES_HELP = `
One JSON object a line, one array of them, or CSV with a header line: source, title, url, published_at, and optionally summary, content, image_url, language,
sentiment_score (-1 to 1), sentiment_label, scraped_at. Loading replaces what is there for the same url.

  zcat articles.ndjson.gz | barometer load articles -`
/** Runs the command line and returns the exit code. Reports go to standard output, everything else to standard error. */
export async function runCommandLine(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  let exitCode: number = EXIT.ok
  const program = new Command('barometer').description(ABOUT).version(VERSION)
  program.addHelpText('afterAll', EXIT_CODES_HELP).exitOverride().showHelpAfterError('(--help says more)')

  // As the service does: it is the same configuration. Help needs none, and the doctor says what is wrong with it.
  program.hook('preAction', (_, command) => {
    if (command.name() !== 'doctor') applyEnvFile(environment)
  })
  const contextOf = ({ json }: CommonFlags): ReportContext => {
    const config = loadConfig(environment)
    return {
      config,
      output: (value, text) => console.log(json ? JSON.stringify(value) : text),
    }
  }
  const loadTarget = async (file: string, target: LoadTarget, flags: LoadFlags) => {
    const { format, onError, dryRun } = flags
    exitCode = await runLoad(contextOf(flags), file, { ...target, format, onError, dryRun }, flags.create)
  }

  const load = program
    .command('load')
    .description('load a file and compute the scores that it changes; a service that runs answers it at once')
  withLoadOptions(load.command('bars'), 'csv')
    .description('daily bars of one instrument')
    .argument('<file>', FILE_HELP)
    .requiredOption('--symbol <symbol>', 'the instrument; a new one is created', readSymbol)
    .option('--name <name>', "the instrument's name (a new one: its symbol)")
    .addOption(new Option('--kind <kind>', 'of the instrument (a new one: index)').choices(INSTRUMENT_KINDS))
    .option('--currency <code>', 'of the instrument')
    .option('--exchange <code>', 'of the instrument')
    .addHelpText('after', BARS_HELP)
    .action((file: string, flags: BarFlags) =>
      loadTarget(
        file,
        {
          kind: 'bars',
          symbol: flags.symbol,
          name: flags.name,
          instrumentKind: flags.kind,
          currency: flags.currency,
          exchange: flags.exchange,
        },
        flags,
      ),
    )
  withLoadOptions(load.command('articles'), 'ndjson')
    .description('press articles')
    .argument('<file>', FILE_HELP)
    .addHelpText('after', ARTICLES_HELP)
    .action((file: string, flags: LoadFlags) => loadTarget(file, { kind: 'articles' }, flags))

  withReport(program.command('rescore'))
    .description('compute all scores anew, as is due after a change of BOND_SYMBOL')
    .action(async (flags: CommonFlags) => {
      exitCode = await runRescore(contextOf(flags))
    })
  program
    .command('migrate')
    .description('bring the database schema up to date')
    .addOption(createOption())
    .action(async ({ create }: { create: boolean }) => {
      exitCode = await runMigrate(loadConfig(environment), create)
    })

  addOperations(program, environment, (code) => (exitCode = code))

  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return reportFailure(error)
  }
}

function withReport(command: Command): Command {
  return command.option('--json', 'print the report as JSON', false)
}

function withLoadOptions(command: Command, format: Format): Command {
  return withReport(command)
    .addOption(new Option('--format <format>', `of the file (by its name, else ${format})`).choices(FORMATS))
    .addOption(
      new Option('--on-error <what>', 'what a wrong line means: it is left out, or nothing is loaded')
        .choices(['skip', 'abort'])
        .default('skip'),
    )
    .option('--dry-run', 'count everything, load nothing', false)
    .addOption(createOption())
}

function createOption(): Option {
  return new Option('--create', 'make an embedded database where there is none under DATA_DIR').default(false)
}

function readSymbol(text: string): string {
  if (SYMBOL_PATTERN.test(text)) return text
  throw new InvalidArgumentError(`It must match ${SYMBOL_PATTERN.source}`)
}
