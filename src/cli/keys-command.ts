// `keys new`: an API key, shown once, and the entry of API_KEYS that knows it by its hash.
import { createHash, randomBytes } from 'node:crypto'
import { parseApiKeys, SCOPES, type Scope } from '../access/keys.ts'
import type { Config } from '../config.ts'
import { CommandError, EXIT } from './exits.ts'

/** As many as the hash has, so that guessing the key is no easier than guessing that. */
const KEY_BYTES = 32
const NAME = /^[A-Za-z0-9._-]+$/

/** @throws CommandError for a name or a scope that API_KEYS would not take. */
export function runNewKey(
  config: Config,
  name: string,
  scopes: string,
  output: (value: object, text: string) => void,
): number {
  const wrong = (message: string) => new CommandError(message, { exitCode: EXIT.usage })
  if (!NAME.test(name))
    throw wrong(`a name consists of letters, digits and . _ - (it is ${JSON.stringify(name)})`)
  const wanted = [...new Set(scopes.split(/[+,]/))]
  const unknown = wanted.find((scope) => !SCOPES.includes(scope as Scope))
  if (unknown !== undefined)
    throw wrong(`there is no scope ${JSON.stringify(unknown)}; there are ${SCOPES.join(', ')}`)
  if (parseApiKeys(config.API_KEYS).some((key) => key.name === name))
    throw wrong(`API_KEYS has a ${name} already; to replace it, have both for a while under two names`)

  const key = randomBytes(KEY_BYTES).toString('base64url')
  const entry = `${name}:${wanted.join('+')}:${createHash('sha256').update(key).digest('hex')}`
  const lines = [
    `key:    ${key}`,
    `entry:  ${entry}`,
    '',
    'The key is shown this once: hand it to whoever is to use it. The entry goes into API_KEYS, behind a comma where',
    'there are others, and the service is started anew. The key is sent as Authorization: Bearer or as x-api-key.',
  ]
  output({ name, scopes: wanted, key, entry }, lines.join('\n'))
  return EXIT.ok
}
