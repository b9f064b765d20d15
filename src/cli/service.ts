// The running service as the command line asks it: where it is, one request, and what an answer that is none of ours means.
import type { Readable } from 'node:stream'
import type { Config } from '../config.ts'
import { reasonOf } from '../loading/transaction.ts'
import { CommandError, EXIT } from './exits.ts'

export interface ServiceAddress {
  /** Base URL; undefined where the configuration gives no fixed port. */
  service: URL | undefined
  /** Sent as `x-api-key`. */
  apiKey: string | undefined
}

export interface ServiceAnswer {
  status: number
  headers: Headers
  /** null where it is no JSON. */
  body: Record<string, unknown> | null
}

export interface ServiceRequest {
  method?: string
  headers?: Record<string, string>
  body?: string | Readable
  limitMs?: number
}

/** Nobody listens at the address: no service is running, or not there. */
export class NobodyThere extends Error {
  override name = 'NobodyThere'
}

const ANSWER_LIMIT_MS = 30_000

/** Where the service of this configuration listens, as a client of this machine reaches it. */
export function serviceAddress(
  config: Config,
  given: string | undefined,
  environment: NodeJS.ProcessEnv,
): ServiceAddress {
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[config.HOST] ?? config.HOST
  const own =
    config.PORT === 0 ? undefined : `http://${host.includes(':') ? `[${host}]` : host}:${config.PORT}`
  const url = given ?? own
  return {
    service: url === undefined ? undefined : new URL(url.endsWith('/') ? url : `${url}/`),
    apiKey: environment['BAROMETER_API_KEY'] || undefined,
  }
}

/** What is undefined is left out. */
export function queryOf(parameters: Record<string, string | undefined>): string {
  const given = Object.entries(parameters).filter((each): each is [string, string] => each[1] !== undefined)
  return new URLSearchParams(given).toString()
}

/** As people write it. */
export function addressText({ service }: ServiceAddress): string | null {
  return service?.href.replace(/\/$/, '') ?? null
}

/** @throws NobodyThere, or an Error that says why there was no answer. */
export async function ask(
  { service, apiKey }: ServiceAddress,
  path: string,
  { method = 'GET', headers = {}, body: sent, limitMs = ANSWER_LIMIT_MS }: ServiceRequest = {},
): Promise<ServiceAnswer> {
  if (service === undefined) throw new NobodyThere('the configuration names no fixed port')
  try {
    const response = await fetch(new URL(path, service), {
      method,
      headers: { ...headers, ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }) },
      // A stream needs to be said to be one that is sent before the answer comes.
      ...(sent === undefined ? {} : { body: sent, duplex: 'half' }),
      redirect: 'error',
      signal: AbortSignal.timeout(limitMs),
    })
    const body = (await response.json().catch(() => null)) as ServiceAnswer['body']
    return { status: response.status, headers: response.headers, body }
  } catch (error) {
    if (isRefused(error)) throw new NobodyThere(`no service at ${service.origin}`, { cause: error })
    if (error instanceof Error && error.name === 'TimeoutError')
      throw new Error(`no answer within ${limitMs / 1000} seconds`, { cause: error })
    // `fetch failed` says nothing; what is behind it does.
    const cause = error instanceof TypeError && error.cause !== undefined ? error.cause : error
    throw new Error(reasonOf(cause), { cause: error })
  }
}

/** What the service says to a request that only reads. @throws CommandError where that is no answer. */
export async function read(address: ServiceAddress, path: string): Promise<Record<string, unknown>> {
  const answer = await order(address, path)
  return answer.body
}

/**
 * What the service answers where it does as asked.
 *
 * @throws CommandError with this exit code where it does not, or nobody is there.
 */
export async function order(
  address: ServiceAddress,
  path: string,
  request: ServiceRequest = {},
  exitCode: number = EXIT.failed,
): Promise<ServiceAnswer & { body: Record<string, unknown> }> {
  const at = addressText(address) ?? 'a fixed port'
  const answer = await ask(address, path, request).catch((error: unknown) => {
    const says =
      error instanceof NobodyThere
        ? `no service at ${at}; start it, or name another with --service`
        : `the service at ${at} does not answer: ${reasonOf(error)}`
    throw new CommandError(says, { cause: error, exitCode })
  })
  const { status, body } = answer
  if ((status === 200 || status === 202) && body !== null) return { ...answer, body }
  throw new CommandError(`the service at ${at} ${refusalText(answer)}`, { exitCode })
}

/** What an answer that is not the one wanted says, as the end of a sentence. */
export function refusalText({ status, body }: Pick<ServiceAnswer, 'status' | 'body'>): string {
  if (status < 400) return `answered ${status}, but not as this service does`
  const detail = body?.['detail'] ?? body?.['title']
  const hint = status === 401 || status === 403 ? ' (BAROMETER_API_KEY is sent as the key)' : ''
  return `answered ${status}${typeof detail === 'string' ? `: ${detail}` : ''}${hint}`
}

/** Nothing was cleared, by a service that is there or by the log. */
export class Refused extends CommandError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, { ...options, exitCode: EXIT.notCleared })
  }
}

/** `fetch` puts the socket's error behind its own, and one for each address behind that. */
function isRefused(error: unknown): boolean {
  const { cause } = error as { cause?: unknown }
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
  return (
    errors.length > 0 &&
    errors.every((each) => (each as { code?: unknown } | undefined)?.code === 'ECONNREFUSED')
  )
}
