// Whose a personal result is, as a request names them.
import { invalidParameter } from '../problems.ts'
import type { Sealing } from './sealing.ts'

/** Whom a request is about, with all that keeping a result of theirs takes. */
export interface Subject {
  name: string
  /** As keys and rows have it. */
  hash: string
  sealing: Sealing
  /** How long a result is kept at most. */
  ttlSeconds: number
}

const MAX_LENGTH = 200
const NO_SUBJECT = /[\p{Cc}\p{Surrogate}\ufffd]/u
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The one form of a subject: NFC, so that a name has one however it was typed. Case and blanks stay.
 *
 * @throws Problem invalid_parameter, which does not show it.
 */
export function checkSubject(given: string): string {
  const subject = given.normalize('NFC')
  if (subject === '') throw refusal('must not be empty')
  if (NO_SUBJECT.test(subject)) throw refusal('holds a control character or invalid UTF-8')
  if (Array.from(subject).length > MAX_LENGTH) throw refusal(`must have at most ${MAX_LENGTH} characters`)
  return subject
}

/**
 * The subject that the header `x-subject` names: UTF-8, of which Node makes a character a byte.
 *
 * @throws Problem invalid_parameter.
 */
export function subjectOfHeader(header: string): string {
  const bytes = Buffer.from(header, 'latin1')
  let subject
  try {
    subject = utf8.decode(bytes)
  } catch {
    throw refusal('holds a control character or invalid UTF-8')
  }
  return checkSubject(subject)
}

function refusal(detail: string) {
  return invalidParameter('subject', detail)
}
