// An analyser's answer over HTTP: read within limits, and judged. Only what is whole counts as an answer.
import { isUtf8, readMediaType } from '../../http/media-type.ts'
import { isStorable } from '../identity.ts'
import type { Json, Verdict } from './analyser.ts'

/** Of an answer, unpacked. */
export const MAX_ANSWER_BYTES = 1024 * 1024
const REFUSALS = new Set([400, 413, 422])
const BUSY = new Set([429, 503])
/** 2xx of what is not finished, and of a part. */
const UNFINISHED = new Set([202, 206])
/** A gateway gave up on an analyser that may have worked all the same. */
const OF_GATEWAYS = new Set([502, 504])
const RETRY_AFTER = { least: 1, most: 3600, unsaid: 10 }
const JSON_TYPE = /^application\/(?:json|[\w.-]+\+json)$/
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The verdict on an answer as a whole: `answered` with all of its JSON, or what else it means. The analyser's kind then finds the result in it.
 *
 * @param now milliseconds since the Unix epoch. @throws whatever reading its body throws: the connection was lost, or the call given up.
 */
export async function readAnswer(response: Response, now: number): Promise<Verdict> {
  const { status, headers } = response
  if (status >= 200 && status < 300) return await readBody(response)
  await response.body?.cancel()
  if (REFUSALS.has(status)) return { outcome: 'refused', status, isPaid: false }
  if (BUSY.has(status))
    return { outcome: 'busy', retryAfterSeconds: retryAfterSeconds(headers.get('retry-after'), now) }
  const what = status >= 300 && status < 400 ? 'a redirect, which is not followed: ' : ''
  return failed(`it answered ${what}${status}`, { isPaid: OF_GATEWAYS.has(status) })
}

/** The seconds that the header asks for, as a number or a date; from 1 to 3600, and 10 where it says nothing of use. */
export function retryAfterSeconds(header: string | null, now: number): number {
  const text = header?.trim() ?? ''
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1000)
  if (Number.isNaN(seconds)) return RETRY_AFTER.unsaid
  return Math.min(Math.max(seconds, RETRY_AFTER.least), RETRY_AFTER.most)
}

/** What is to become of a result that was found, or not, in an answer. */
export function judgeResult(result: Json | undefined, isValid: (result: Json) => boolean): Verdict {
  if (result === undefined) return failed('its answer has no result in the place for it', { isPaid: true })
  if (!isStorable(result))
    return failed('its result holds NUL, half a character, or is nested too deep', { isPaid: true })
  if (!isValid(result)) return failed('its result does not satisfy the schema', { isPaid: true })
  return { outcome: 'answered', result }
}

/** The value that a JSON pointer (RFC 6901) leads to; undefined where there is none. */
export function atPointer(json: Json, pointer: string): Json | undefined {
  let value: Json | undefined = json
  for (const escaped of pointer.split('/').slice(1)) {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
    if (value === null || typeof value !== 'object') return undefined
    if (Array.isArray(value)) value = /^(?:0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined
    else value = Object.hasOwn(value, name) ? value[name] : undefined
    if (value === undefined) return undefined
  }
  return value
}

export function failed(
  reason: string,
  { isPaid, isTimeout = false }: { isPaid: boolean; isTimeout?: boolean },
): Verdict & { outcome: 'failed' } {
  return { outcome: 'failed', reason, isTimeout, isPaid }
}

async function readBody(response: Response): Promise<Verdict> {
  const { status, headers, body } = response
  const mediaType = readMediaType(headers.get('content-type') ?? '')
  const complaint = UNFINISHED.has(status)
    ? `it answered ${status}, which is not a whole answer`
    : !JSON_TYPE.test(mediaType.type) || !isUtf8(mediaType)
      ? 'its answer is not JSON in UTF-8 by its content type'
      : null
  if (complaint !== null) {
    await body?.cancel()
    return failed(complaint, { isPaid: true })
  }
  const bytes = await readUpTo(MAX_ANSWER_BYTES, body)
  if (bytes === null) return failed(`its answer has more than ${MAX_ANSWER_BYTES} bytes`, { isPaid: true })
  let json: Json
  try {
    json = JSON.parse(utf8.decode(bytes)) as Json
  } catch {
    return failed('its answer is not whole and valid JSON', { isPaid: true })
  }
  return saysError(json)
    ? failed(`it answered ${status} with an error in it`, { isPaid: true })
    : { outcome: 'answered', result: json }
}

/** Null where there is more. */
async function readUpTo(maxBytes: number, body: Response['body']): Promise<Buffer | null> {
  const chunks: Uint8Array[] = []
  let length = 0
  // To leave the loop cancels the rest.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

/** Many answers that went well say `"error": null`. */
function saysError(json: Json): boolean {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return false
  return Object.hasOwn(json, 'error') && json['error'] !== null && json['error'] !== false
}
