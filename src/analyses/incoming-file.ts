// A request whose body is a file, or a form with one in it: within limits of size and of time, and nothing is left where it fails.
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { readMediaType } from '../http/media-type.ts'
import { receiveUpload, type UploadLimits } from '../http/upload.ts'
import { Problem } from '../problems.ts'
import { readForm, type FormFields } from './multipart.ts'
import { spool, type Spooled } from './spool.ts'

export interface FileLimits extends UploadLimits {
  /** For temporary files; the system's own where it is not given. */
  directory?: string
}

export interface IncomingFile {
  file: Spooled
  /** Of a form; none of a body that is the file itself. */
  fields: FormFields
}

const FORM_TYPE = 'multipart/form-data'
const UNSAID_TYPE = 'application/octet-stream'
const TYPE = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(?:\s*;[\t\x20-\x7e]{0,300})?$/

/**
 * Takes in what a request brings. Whoever gets the file discards it in the end.
 *
 * @throws Problem body_too_large, before anything is read where the length is announced; request_timeout; unsupported_media_type; invalid_body
 *   for a body that is cut off, and for a form that is none or has other parts than it may.
 */
export async function receiveFile(raw: IncomingMessage, limits: FileLimits): Promise<IncomingFile> {
  const { 'content-type': contentType = UNSAID_TYPE, 'content-encoding': coding = 'identity' } = raw.headers
  if (coding.toLowerCase() !== 'identity' || !TYPE.test(contentType))
    throw new Problem(
      'unsupported_media_type',
      'a file is sent with its media type, or as multipart/form-data, and not compressed on its way',
    )
  const upload = receiveUpload(raw, false, limits)
  try {
    return readMediaType(contentType).type === FORM_TYPE
      ? await readForm(upload.stream, contentType, limits.directory)
      : { file: await spool(upload.stream, contentType, limits.directory), fields: {} }
  } catch (error) {
    throw whyOf(error, upload.stream)
  } finally {
    upload.end()
  }
}

/** That the body was cut off is the sender's doing, and no error of ours. */
function whyOf(error: unknown, { errored }: Readable): unknown {
  if (error instanceof Problem || errored === null || errored !== error) return error
  const isCutOff = (errored as NodeJS.ErrnoException).code === 'ECONNRESET'
  return isCutOff ? new Problem('invalid_body', 'the body did not arrive whole; nothing was kept') : error
}
