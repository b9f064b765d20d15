// Personal results at rest: readable only with the key of the installation and the subject that asks. The subject stands nowhere in clear.
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { Json } from './analysers/analyser.ts'

const CIPHER = 'aes-256-gcm'
const SALT_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
/** 132 bits. */
const SUBJECT_HASH_LENGTH = 22
/** Keys for different purposes have nothing in common. */
const RESULT_PURPOSE = 'barometer analysis result 1'
const SUBJECT_PURPOSE = 'barometer analysis subject 1'

export interface SealedResult {
  /** 32 random bytes of this result alone. */
  salt: Buffer
  /** Nonce (12 bytes), tag (16 bytes), result in AES-256-GCM. */
  sealed: Buffer
}

export class Sealing {
  readonly #key: Buffer
  readonly #subjectKey: Buffer

  /** @param key ANALYSIS_KEY, 32 bytes. */
  constructor(key: Buffer) {
    this.#key = key
    this.#subjectKey = derived(key, Buffer.alloc(0), SUBJECT_PURPOSE)
  }

  /** What stands for a subject in keys, rows and records: 22 characters of base64url, equal for NFC and NFD. Without the key nobody can try names. */
  subjectHash(subject: string): string {
    const hmac = createHmac('sha256', this.#subjectKey).update(subject.normalize('NFC'))
    return hmac.digest('base64url').slice(0, SUBJECT_HASH_LENGTH)
  }

  /** @param variantKey the row's key: a sealed result that is moved to another row does not open. */
  seal(result: Json, subject: string, variantKey: string): SealedResult {
    const salt = randomBytes(SALT_BYTES)
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#keyOf(salt, subject), nonce)
    cipher.setAAD(Buffer.from(variantKey))
    const encrypted = Buffer.concat([cipher.update(JSON.stringify(result)), cipher.final()])
    return { salt, sealed: Buffer.concat([nonce, cipher.getAuthTag(), encrypted]) }
  }

  /** The result; null with another subject, key or row, and for one that was changed. */
  open({ salt, sealed }: SealedResult, subject: string, variantKey: string): Json | null {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return null
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv(CIPHER, this.#keyOf(salt, subject), nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(variantKey))
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    try {
      const opened = Buffer.concat([
        decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)),
        decipher.final(),
      ])
      return JSON.parse(opened.toString()) as Json
    } catch {
      return null
    }
  }

  #keyOf(salt: Buffer, subject: string): Buffer {
    // As a hash: what goes into the derivation has a limit of bytes.
    const subjectDigest = createHash('sha256').update(subject.normalize('NFC')).digest('hex')
    return derived(this.#key, salt, `${RESULT_PURPOSE} ${subjectDigest}`)
  }
}

function derived(key: Buffer, salt: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, purpose, KEY_BYTES))
}
