// A file on its way in: hashed as it streams, a small one kept in memory, a larger one in a temporary file that has no name any more.
import { createHash, randomBytes } from 'node:crypto'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { Problem } from '../problems.ts'

/** More than this of a file is never in memory. */
const MEMORY_BYTES = 256 * 1024
const READ_BYTES = 64 * 1024
const OWNER_ALONE = 0o600

export interface Spooled {
  /** SHA-256 of the bytes, in hexadecimal digits. */
  hash: string
  bytes: number
  /** Media type as it was sent. */
  type: string
  /** From the first byte; any number of times, also at the same time. */
  open(): Readable
  /** Gives the space back; what is open then breaks off. To be called once nobody reads any more. */
  discard(): Promise<void>
}

/**
 * Takes a file in. Where its stream fails, nothing is left of it.
 *
 * @param directory for the temporary file. @throws Problem invalid_body for one without bytes, and whatever ended the stream.
 */
export async function spool(source: Readable, type: string, directory = tmpdir()): Promise<Spooled> {
  const digest = createHash('sha256')
  let kept: Buffer[] = []
  let bytes = 0
  let file: FileHandle | null = null
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      digest.update(chunk)
      bytes += chunk.length
      kept.push(chunk)
      if (bytes <= MEMORY_BYTES) continue
      file ??= await namelessFile(directory)
      for (const part of kept) await writeAll(file, part)
      kept = []
    }
    if (bytes === 0) throw emptyFile()
  } catch (error) {
    await file?.close()
    throw error
  }
  const hash = digest.digest('hex')
  return {
    hash,
    bytes,
    type,
    // Not the file's own stream, which closes it at its end, for the others as well.
    open: () => Readable.from(file === null ? kept : bytesOf(file, bytes), { objectMode: false }),
    discard: async () => {
      kept = []
      await file?.close()
    },
  }
}

/** Unlinked while it is open: however the process ends, the system takes its space back. */
async function namelessFile(directory: string): Promise<FileHandle> {
  const name = path.join(directory, `barometer-${randomBytes(12).toString('hex')}`)
  const file = await open(name, 'wx+', OWNER_ALONE)
  try {
    await unlink(name)
  } catch (error) {
    await file.close()
    throw error
  }
  return file
}

/** A write may take less than it was given. */
async function writeAll(file: FileHandle, part: Buffer): Promise<void> {
  for (let offset = 0; offset < part.length;) {
    const { bytesWritten } = await file.write(part, offset)
    offset += bytesWritten
  }
}

async function* bytesOf(file: FileHandle, bytes: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < bytes;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position)
    if (bytesRead === 0) throw new Error('a temporary file has become shorter')
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function emptyFile(): Problem {
  const detail = 'must not be empty'
  return new Problem('invalid_body', `file ${detail}`, [{ parameter: 'file', detail }])
}
