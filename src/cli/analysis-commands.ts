// The commands about analyses: their options and their help.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { runAnalyse, type AnalyseOptions } from './analyse-command.ts'
import type { CommandContext } from './context.ts'
import { runForget } from './forget-command.ts'
import { withOutputForm, withServiceAddress, type Flags } from './options.ts'
import { runSavings, type SavingsOptions } from './savings-command.ts'
import { subjectOf } from './subject.ts'

const ANALYSE_HELP = `
Prints the result, what it cost, and HIT where it was there already. The value of a parameter is JSON where it is that, and
text otherwise. A subject on the command line is seen by all who use this machine, and kept by the shell: BAROMETER_SUBJECT
is not. BAROMETER_API_KEY is sent to the service where it asks for a key with the scope analyse.

  echo 'Shares rally after strong earnings' | barometer analyse -
  barometer analyse contract.pdf --file --type application/pdf --analyser forgery --parameter depth=3`
const SAVINGS_HELP = `
Days are those of UTC, both included. BAROMETER_API_KEY is sent to the service where it asks for a key with the scope stats.`
const FORGET_HELP = `
Deletes the results of all texts and files that were analysed with this subject, on every instance; what is under way is
not kept. On a terminal it asks; --yes spares the question. BAROMETER_SUBJECT is not seen by others of this machine, as an
argument is. BAROMETER_API_KEY is sent to the service where it asks for a key with the scope ops.`

/** @param done takes the exit code. */
export function addAnalysisCommands(
  program: Command,
  environment: NodeJS.ProcessEnv,
  contextOf: (flags: Flags) => CommandContext,
  done: (exitCode: number) => void,
): void {
  withOutputForm(withServiceAddress(program.command('analyse')))
    .description('analyse a text or a file, or get what was found before')
    .argument('<file>', 'path of a text in UTF-8, or - for standard input')
    .option('--analyser <name>', 'who analyses (default: the first one of the configuration)')
    .option('--language <tag>', 'of the content, such as en or fr')
    .option('--tone <tone>', 'as the analyser knows it')
    .option('--parameter <name=value>', 'whatever else the analyser takes; again for each', readParameter)
    .option('--subject <subject>', 'whom it is about (default: BAROMETER_SUBJECT)')
    .option('--file', 'send the bytes as they are, as a file')
    .option('--type <type>', 'what they are, such as image/png (default: application/octet-stream)')
    .option('--anew', 'analyse although there is a result')
    .addHelpText('after', ANALYSE_HELP)
    .action(async (file: string, flags: Flags & AnalyseOptions & { subject?: string }) => {
      const subject = subjectOf(flags.subject, environment)
      done(await runAnalyse(contextOf(flags), file, subject, flags))
    })

  withOutputForm(withServiceAddress(program.command('savings')))
    .description('what analyses cost, and what was saved')
    .option('--from <day>', 'first day, YYYY-MM-DD', readDay)
    .option('--to <day>', 'last day, YYYY-MM-DD', readDay)
    .addOption(new Option('--by <what>', 'a line for each').choices(['day', 'analyser']).default('day'))
    .addHelpText('after', SAVINGS_HELP)
    .action(async (flags: Flags & SavingsOptions) => {
      done(await runSavings(contextOf(flags), flags))
    })

  withOutputForm(withServiceAddress(program.command('forget')))
    .description('delete all that was analysed about a person, on all instances')
    .argument('[subject]', 'as it was named then (default: BAROMETER_SUBJECT)')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', FORGET_HELP)
    .action(async (subject: string | undefined, flags: Flags & { yes?: boolean }) => {
      done(await runForget(contextOf(flags), subjectOf(subject, environment), flags))
    })
}

function readParameter(text: string, known: Record<string, unknown> = {}): Record<string, unknown> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.')
  return { ...known, [name]: valueOf(value) }
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function readDay(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text
  throw new InvalidArgumentError('It must be a day such as 2026-01-31.')
}
