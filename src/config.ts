// The configuration: a pure function from an environment to it.
import { Compile } from 'typebox/compile'
import { coerceText, expectationOf } from './coerce-text.ts'
import { ConfigSchema, type Config } from './config-schema.ts'
import { nonsense } from './config-sense.ts'

export type { Config }

/** A value that the configuration cannot take; the message names the variable. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** Each by itself: a checker of them all stops naming errors after a few. */
const variables = Object.entries(ConfigSchema.properties).map(([name, schema]) => ({
  name,
  schema,
  checker: Compile(schema),
}))
/** Values of these may hold a password or a key and are not repeated in messages. */
const SECRET = /URL|PASSWORD|API_KEYS|ANALYSIS_KEY/
const SHOWN_LENGTH = 60

/**
 * Reads the configuration from an environment such as `process.env`. An empty string means unset; other variables are ignored.
 *
 * @throws ConfigError that names every bad variable.
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const values: Record<string, unknown> = {}
  const complaints: string[] = []
  for (const { name, schema, checker } of variables) {
    const text = environment[name]
    if (text === undefined || text === '') {
      if ('default' in schema) values[name] = schema.default
      continue
    }
    values[name] = coerceText(schema, text)
    if (!checker.Check(values[name]))
      complaints.push(`${name} ${expectationOf(schema, 'is not valid')}${shown(name, text)}`)
  }
  if (complaints.length === 0) complaints.push(...nonsense(values as Config))
  if (complaints.length > 0) throw new ConfigError(complaints.join('; '))
  return values as Config
}

function shown(name: string, text = ''): string {
  return SECRET.test(name) ? '' : ` (it is ${JSON.stringify(text.slice(0, SHOWN_LENGTH))})`
}
