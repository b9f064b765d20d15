// Writes .env.example: every variable of the configuration in the order of its schema, with its default and what it means.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigSchema } from '../src/config-schema.ts'

export const ENV_EXAMPLE = fileURLToPath(new URL('../.env.example', import.meta.url))

const HEAD = `# The configuration of Barometer. Copy this to .env and uncomment what is to differ; an empty value means unset.
# A value with a # in it stands in quotes.
# Made from src/config-schema.ts by scripts/make-env-example.ts.
`

interface Variable {
  default?: string | number | boolean
  enum?: readonly string[]
  description?: string
}

/** The text of `.env.example`. */
export function envExample(): string {
  const variables = Object.entries(ConfigSchema.properties).map(([name, property]) => {
    const schema = property as Variable
    const choices = schema.enum === undefined ? '' : ` (${schema.enum.join(', ')})`
    return `# ${schema.description ?? ''}${choices}\n#${name}=${schema.default ?? ''}\n`
  })
  return [HEAD, ...variables].join('\n')
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(ENV_EXAMPLE, envExample())
}
