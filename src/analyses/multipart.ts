// A form with a file in it (multipart/form-data), read as it streams: exactly one `file`, and what is asked of it beside.
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy'
import type { Readable } from 'node:stream'
import { Problem } from '../problems.ts'
import type { Json } from './analysers/analyser.ts'
import { readParameters } from './parameters.ts'
import { spool, type Spooled } from './spool.ts'
import { checkSubject } from './subject.ts'

/** What a form may hold beside its file; what it does not hold is not there. */
export interface FormFields {
  language?: string
  tone?: string
  analyser?: string
  parameters?: Record<string, Json>
  subject?: string
}

const FILE = 'file'
const FIELDS = ['language', 'tone', 'analyser', 'parameters', 'subject'] as const
type FieldName = (typeof FIELDS)[number]

const FIELD_BYTES = 64 * 1024
/** More than a form may have: the first of them that is too many is named. */
const MOST_PARTS = 16
const HEADERS = { headerPairs: 20, headerSize: 8 * 1024 }
const NAME_SHOWN_LENGTH = 100
const UNPRINTABLE = /[\u0000-\u001f\u007f\ufffd]/

/**
 * Reads a form to its end.
 *
 * @param directory for the file. @throws Problem that names the part that is wrong; nothing is left of the file then.
 */
export async function readForm(
  body: Readable,
  contentType: string,
  directory?: string,
): Promise<{ file: Spooled; fields: FormFields }> {
  const parts = new FormParts(directory)
  try {
    await parsed(body, contentType, parts)
    const file = await parts.file()
    return { file, fields: parts.fields() }
  } catch (error) {
    await parts.discard(error as Error)
    throw error
  }
}

/** What has come of a form so far. */
class FormParts {
  readonly #directory: string | undefined
  readonly #texts = new Map<FieldName, string>()
  #stream: BusboyFileStream | null = null
  #spooling: Promise<Spooled> | null = null

  constructor(directory: string | undefined) {
    this.#directory = directory
  }

  /** @throws Problem for a second one. */
  takeFile(stream: BusboyFileStream, type: string): void {
    if (this.#spooling !== null) {
      stream.resume()
      throw refusal(FILE, 'must be given once')
    }
    this.#stream = stream
    this.#spooling = spool(stream, type, this.#directory)
    // Whoever waits for it hears of it; a form that fails elsewhere may be sooner.
    this.#spooling.catch(() => undefined)
  }

  /** @throws Problem. */
  takeField(name: string | undefined, text: string, isTooLong: boolean): void {
    if (name === undefined) throw refusal('form', 'has a part without a name')
    if (!isField(name)) throw refusal(name.slice(0, NAME_SHOWN_LENGTH), 'is not a field of this form')
    if (this.#texts.has(name)) throw refusal(name, 'must be given once')
    if (isTooLong) throw refusal(name, `must have at most ${FIELD_BYTES} bytes`)
    if (text === '') throw refusal(name, 'must not be empty')
    // JSON may have line ends, and says itself what its texts hold.
    if (name !== 'parameters' && UNPRINTABLE.test(text))
      throw refusal(name, 'holds a control character or invalid UTF-8')
    this.#texts.set(name, text)
  }

  async file(): Promise<Spooled> {
    if (this.#spooling === null) throw refusal(FILE, 'must be given')
    return await this.#spooling
  }

  fields(): FormFields {
    const { parameters, subject, ...others } = Object.fromEntries(this.#texts) as Record<string, string>
    return {
      ...others,
      ...(parameters === undefined ? {} : { parameters: readParameters(parameters) }),
      ...(subject === undefined ? {} : { subject: checkSubject(subject) }),
    }
  }

  async discard(error: Error): Promise<void> {
    this.#stream?.destroy(error)
    const spooled = await this.#spooling?.catch(() => null)
    await spooled?.discard()
  }
}

/** Resolves once the form has come to its end, with all of its parts taken. */
function parsed(body: Readable, contentType: string, parts: FormParts): Promise<void> {
  const form = formOf(contentType)
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      body.unpipe(form)
      reject(error)
    }
    const attempt = (take: () => void): void => {
      try {
        take()
      } catch (error) {
        fail(error as Error)
      }
    }
    form.on('file', (_name, stream, _filename, _encoding, type) => {
      // What ends the form ends its file; the form says so.
      stream.on('error', () => undefined)
      attempt(() => parts.takeFile(stream, type))
    })
    form.on('field', (name: string | undefined, text, _isNameCut, isCut) => {
      attempt(() => parts.takeField(name, text, isCut))
    })
    form.once('partsLimit', () => fail(refusal('form', `has more than ${MOST_PARTS} parts`)))
    // Of its parser: it is not of the form, or breaks off.
    form.on('error', () => fail(refusal('form', 'is not whole and valid multipart/form-data')))
    form.once('finish', resolve)
    body.once('error', fail)
    // A spool that fails, as on a full disk, takes no more, and the form would wait for it.
    form.once('file', () => void parts.file().catch(fail))
    body.pipe(form)
  })
}

function formOf(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      isPartAFile: (name) => name === FILE,
      limits: { ...HEADERS, fieldSize: FIELD_BYTES, parts: MOST_PARTS },
    })
  } catch {
    throw refusal('form', 'has no boundary in its content type')
  }
}

function isField(name: string): name is FieldName {
  return (FIELDS as readonly string[]).includes(name)
}

function refusal(parameter: string, detail: string): Problem {
  return new Problem('invalid_body', `${parameter} ${detail}`, [{ parameter, detail }])
}
