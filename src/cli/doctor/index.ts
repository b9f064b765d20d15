// `doctor`: looks at everything the service stands on, and says of each finding what to do about it.
import { ConfigError, loadConfig, type Config } from '../../config.ts'
import { applyEnvFile } from '../../env-file.ts'
import { VERSION } from '../../version.ts'
import { EXIT } from '../exits.ts'
import { serviceAddress } from '../service.ts'
import { coloured } from '../show.ts'
import { analyserFindings } from './analysers.ts'
import { analysisKeyFindings } from './analysis-key.ts'
import { budgetFindings } from './budgets.ts'
import { configurationFindings } from './configuration.ts'
import { databaseFindings } from './database.ts'
import { ok, problem, type Finding, type Level } from './finding.ts'
import { redisFindings } from './redis.ts'
import { serviceFindings } from './service.ts'

const MARKS: Record<Level, { mark: string; colour: 'green' | 'blue' | 'yellow' | 'red' }> = {
  ok: { mark: 'ok     ', colour: 'green' },
  note: { mark: 'note   ', colour: 'blue' },
  warning: { mark: 'WARNING', colour: 'yellow' },
  problem: { mark: 'PROBLEM', colour: 'red' },
}

/** Returns the exit code. */
export async function runDoctor(
  environment: NodeJS.ProcessEnv,
  service: string | undefined,
  output: (value: object, text: string) => void,
): Promise<number> {
  const findings = await findingsOf(environment, service)
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length
  const [problems, warnings] = [count('problem'), count('warning')]
  const summary =
    problems + warnings === 0 ? 'all is well' : `${problems} to be mended, ${warnings} that should be`
  output({ problems, warnings, findings }, [...findings.map(text), summary].join('\n'))
  if (problems > 0) return EXIT.problemsFound
  return warnings > 0 ? EXIT.warningsFound : EXIT.ok
}

async function findingsOf(environment: NodeJS.ProcessEnv, service: string | undefined): Promise<Finding[]> {
  const versions = ok('versions', `barometer ${VERSION}, Node.js ${process.versions.node}`)
  let config: Config
  try {
    applyEnvFile(environment)
    config = loadConfig(environment)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    // Each complaint names its variable; without a configuration there is nothing else to look at.
    const complaints = error.message.split('; ')
    return [
      versions,
      ...complaints.map((complaint) =>
        problem('configuration', complaint, 'the service does not start with it'),
      ),
    ]
  }
  const address = serviceAddress(
    config,
    service ?? (environment['BAROMETER_SERVICE'] || undefined),
    environment,
  )
  const looks = await Promise.all([databaseFindings(config), redisFindings(config), serviceFindings(address)])
  const { findings, analysers } = await analyserFindings(config, environment)
  return [
    versions,
    ...configurationFindings(config, address.apiKey),
    ...looks.flat(),
    ...findings,
    // Behind the look at PostgreSQL: without a service this starts an embedded one, too.
    ...(await budgetFindings(config, analysers)),
    ...(await analysisKeyFindings(config)),
  ]
}

function text({ level, check, says, advice, steps = [] }: Finding): string {
  const { mark, colour } = MARKS[level]
  const width = Math.max(0, ...steps.map(({ step }) => step.length))
  return [
    `${coloured(colour, mark)}  ${coloured('bold', check)}: ${says}`,
    ...steps.map(
      ({ step, result, ms }) =>
        `           ${step.toUpperCase().padEnd(width)}  ${ms.toFixed(2)} ms  ${result}`,
    ),
    ...(advice === undefined ? [] : [`         → ${advice}`]),
  ].join('\n')
}
