// A body of any size on its way in: unpacked, held to its limits, and given up where it does not get on.
import type { IncomingMessage } from 'node:http'
import { pipeline, Transform, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { DatabaseUnavailable } from '../db/errors.ts'
import { Problem } from '../problems.ts'
import type { Time } from '../time/time.ts'
import { keepsOwnTime } from './client-error.ts'

export interface UploadLimits {
  /** As sent, and unpacked. */
  maxBytes: number
  /** Within each of these as much must arrive as `PROGRESS_BYTES`, or all that is left. */
  progressMs: number
  time: Time
}

export interface Upload {
  /** Unpacked bytes. Destroyed with a Problem where a limit is passed. */
  stream: Readable
  /** What became of the body, if anything; that its reader turned away is nothing of the body's. */
  failure(): Error | null
  /** To be called when nobody reads the stream any more. */
  end(): void
}

/** So little in so long is what somebody sends who wants to keep a connection, not to deliver anything. */
const PROGRESS_BYTES = 64 * 1024
/** Within the time for that. */
const LOOKS = 4
const UNPACKED_CHUNK_BYTES = 64 * 1024

/** @param gzip whether the body is packed. */
export function receiveUpload(
  raw: IncomingMessage,
  gzip: boolean,
  { maxBytes, progressMs, time }: UploadLimits,
): Upload {
  const tooLarge = () =>
    new Problem('body_too_large', `a body has at most ${maxBytes} bytes, unpacked as well`)
  const wire = limited(maxBytes, tooLarge)
  // Before listening to it, lest a body that is refused by its length is read at all.
  if (Number(raw.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  // Node's limit for a whole request would end a large one however fast it comes.
  const giveTimeBack = keepsOwnTime(raw.socket)
  raw.once('error', (error) => wire.destroy(error))
  raw.pipe(wire)
  // A small body may become an endless one.
  const stream = gzip ? limited(maxBytes, tooLarge) : wire
  if (gzip) pipeline(wire, createGunzip({ chunkSize: UNPACKED_CHUNK_BYTES }), stream, () => undefined)
  // Its reader may not be there yet.
  stream.on('error', () => undefined)

  let mark = { at: time.clock(), bytes: 0 }
  const look = (): void => {
    cancelLook = time.after(progressMs / LOOKS, look)
    const bytes = raw.socket.bytesRead
    if (raw.complete || bytes - mark.bytes >= PROGRESS_BYTES) mark = { at: time.clock(), bytes }
    else if (time.clock() - mark.at >= progressMs)
      // Whoever reads the stream and does not take it is the one who is late.
      wire.destroy(raw.isPaused() ? new DatabaseUnavailable(new Error('COPY stands still')) : tooSlow())
  }
  let cancelLook = time.after(progressMs / LOOKS, look)
  const end = (): void => {
    cancelLook()
    giveTimeBack()
    if (!raw.complete && !raw.destroyed) raw.unpipe(wire)
  }
  const failure = (): Error | null => (stream.errored?.name === 'AbortError' ? null : stream.errored)
  return { stream, failure, end }
}

function tooSlow(): Problem {
  return new Problem('request_timeout', 'the body did not arrive in time: too little of it came for too long')
}

/** Passes bytes on, and fails once there are more than these. */
function limited(maxBytes: number, tooLarge: () => Problem): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length
      if (bytes > maxBytes) next(tooLarge())
      else next(null, chunk)
    },
  })
}
