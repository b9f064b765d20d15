// How the service logs: JSON lines without secrets, and on a terminal the same lines for people.
import { stdSerializers, type DestinationStream, type LoggerOptions } from 'pino'
import type { Config } from './config.ts'

/** Of an error: drivers hang whole commands and their parameters on theirs, an AUTH with its password for one. */
const ERROR_FIELDS = ['type', 'message', 'stack', 'code', 'severity', 'syscall'] as const
/** Whoever has a cursor or a key of the cache has no need of the one in the log, and the log is read by others. */
const CURSOR = /(?<=[:&]cursor=)[^&]+/g
const USER_INFO = /(?<=\w:\/\/)[^\s/@"]*@/g
/** Redis repeats the arguments of a command that it does not know: for an old one, of HELLO, with the password among them. */
const ECHOED_ARGUMENTS = /with args beginning with:.*/g

export function loggerOptions(
  config: Config,
  stream?: DestinationStream,
): LoggerOptions & { stream?: DestinationStream } {
  return {
    level: config.LOG_LEVEL,
    base: null,
    // Whatever may come to log headers: keys arrive in these.
    redact: ['', '*.', 'req.', 'request.'].flatMap((parent) =>
      SECRET_HEADERS.map((name) => `${parent}headers${name}`),
    ),
    serializers: {
      err: errorFields,
      req: requestFields,
      key: withoutCursor,
      selector: withoutCursor,
      reason: withoutSecrets,
    },
    ...(stream === undefined ? {} : { stream }),
    ...(stream === undefined && process.stdout.isTTY
      ? { transport: { target: 'pino-pretty', options: { singleLine: true, translateTime: 'HH:MM:ss' } } }
      : {}),
  }
}

const SECRET_HEADERS = ['.authorization', '["x-api-key"]', '.cookie', '["proxy-authorization"]']

function errorFields(error: Error): object {
  const all = stdSerializers.err(error) as unknown as Record<string, unknown>
  const shown = ERROR_FIELDS.filter((name) => all[name] !== undefined).map((name) => [
    name,
    withoutSecrets(all[name]),
  ])
  return Object.fromEntries(shown) as object
}

/** Without the query string, which may hold anything. */
function requestFields({ method, url }: { method?: string; url?: string }): object {
  return { method, path: url?.split('?', 1)[0] }
}

function withoutCursor(text: unknown): unknown {
  return typeof text === 'string' ? text.replace(CURSOR, '[…]') : text
}

function withoutSecrets(text: unknown): unknown {
  return typeof text === 'string' ? text.replace(USER_INFO, '').replace(ECHOED_ARGUMENTS, '[…]') : text
}
