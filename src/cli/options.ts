// Options that several commands have, and how their values are read.
import { InvalidArgumentError, type Command } from 'commander'

/** Of commands that ask the service. */
export interface Flags {
  service?: string
  json?: boolean
}

export function withServiceOptions(command: Command): Command {
  return withServiceAddress(command).option('--json', 'print the report as JSON', false)
}

export function withServiceAddress(command: Command): Command {
  return command.option(
    '--service <url>',
    'the running service (default: BAROMETER_SERVICE, or else http://HOST:PORT of the configuration)',
    readUrl,
  )
}

/** JSON is what a program reads: the form of whatever goes to no terminal. */
export function withOutputForm(command: Command): Command {
  return command
    .option('--json', 'print JSON, as is done anyway where standard output is no terminal')
    .option('--no-json', 'print text, as is done anyway on a terminal')
}

function readUrl(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text
  throw new InvalidArgumentError('It must be an http or https URL.')
}

/** Reads a whole number from 0. */
export function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

/** A reader that has the engine's own complaint, if it has one. */
export function readChecked(check: (text: string) => string | null): (text: string) => string {
  return (text) => {
    const complaint = check(text)
    if (complaint === null) return text
    throw new InvalidArgumentError(`It ${complaint}.`)
  }
}
