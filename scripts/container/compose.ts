// Reads compose.yaml with its variables filled in, as far as ours goes.
import { parse } from 'yaml'

export interface Compose {
  services: Record<'barometer' | 'postgres' | 'redis', ComposeService>
}
export interface ComposeService {
  /** null: set to nothing. */
  environment: Record<string, string | null>
  command?: string[]
}

const VARIABLE = /\$\{(\w+)(?::([?-])([^}]*))?\}/g

/** @throws Error for a variable that has to be set and is not, as `docker compose` refuses to start. */
export function readCompose(text: string, variables: Record<string, string>): Compose {
  const filled = text.replace(
    VARIABLE,
    (_, name: string, operator: string | undefined, word: string | undefined) => {
      const value = variables[name] ?? ''
      if (value !== '') return value
      if (operator === '?') throw new Error(`${name}: ${word ?? ''}`)
      return operator === '-' ? (word ?? '') : ''
    },
  )
  return parse(filled) as Compose
}
