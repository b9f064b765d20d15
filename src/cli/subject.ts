// Whom a command is about: from the command line, or from the environment, where others of the machine do not see it.
import { checkSubject } from '../analyses/subject.ts'
import { Problem } from '../problems.ts'
import { CommandError, EXIT } from './exits.ts'

/** @throws CommandError, which does not show it; undefined where none is given. */
export function subjectOf(given: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  const subject = given ?? (environment['BAROMETER_SUBJECT'] || undefined)
  if (subject === undefined) return undefined
  try {
    return checkSubject(subject)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new CommandError(`the subject ${error.errors[0]?.detail ?? error.message}`, {
      cause: error,
      exitCode: EXIT.usage,
    })
  }
}
