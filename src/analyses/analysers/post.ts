// One call of an analyser over HTTP: within its time limit, never redirected, and what became of it where no answer came.
import type { Readable } from 'node:stream'
import type { Time } from '../../time/time.ts'
import type { Verdict } from './analyser.ts'
import { failed, readAnswer } from './answer.ts'

export interface Post {
  url: string | URL
  headers: Record<string, string>
  /** Text, or what opens a stream of as many bytes as the header `content-length` says; the stream is destroyed once the call has ended. */
  body: string | (() => Readable)
}

export interface CallLimits {
  time: Time
  /** Of the whole call: connecting, sending, and the answer to its last byte. */
  timeoutMs: number
  signal: AbortSignal
}

/** Nothing was sent yet. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])
/** TLS, before there is anything to send through it. */
const UNSENT_TLS = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/
const CODE = /^[A-Z_0-9]{1,60}$/

/** The verdict on the answer as a whole, as `readAnswer` gives it. Never throws. */
export async function post({ url, headers, body }: Post, limits: CallLimits): Promise<Verdict> {
  const { time, timeoutMs, signal } = limits
  if (signal.aborted) return failed('the call was given up before anything was sent', { isPaid: false })
  const ending = new AbortController()
  const cancelLimit = time.after(timeoutMs, () => {
    ending.abort(failed(`no whole answer within ${timeoutMs} ms`, { isPaid: true, isTimeout: true }))
  })
  const giveUp = (): void => ending.abort(failed('the call was given up', { isPaid: true }))
  signal.addEventListener('abort', giveUp, { once: true })
  let stream: Readable | undefined
  try {
    const sent = typeof body === 'string' ? body : (stream = body())
    const response = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json', 'user-agent': 'barometer', ...headers },
      // Node's fetch takes any stream of its own; the types of browsers, with which pages are tested, do not know these.
      body: sent as NonNullable<RequestInit['body']>,
      redirect: 'manual',
      signal: ending.signal,
      ...(stream === undefined ? {} : { duplex: 'half' }),
    })
    return await readAnswer(response, time.now())
  } catch (error) {
    return (ending.signal.reason as Verdict | undefined) ?? lost(error)
  } finally {
    cancelLimit()
    signal.removeEventListener('abort', giveUp)
    stream?.destroy()
  }
}

/** Only the error's code: messages may hold what was sent. */
function lost(error: unknown): Verdict {
  const { cause = error } = error as { cause?: unknown }
  const { code } = (cause ?? {}) as { code?: unknown }
  const known = typeof code === 'string' && CODE.test(code) ? code : 'unknown error'
  const isUnsent = UNSENT.has(known) || UNSENT_TLS.test(known)
  return failed(isUnsent ? `it cannot be reached: ${known}` : `the connection was lost: ${known}`, {
    isPaid: !isUnsent,
    isTimeout: known === 'UND_ERR_CONNECT_TIMEOUT',
  })
}
