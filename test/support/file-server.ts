// A server that takes files in and says what came of them, for tests of uploads; run as a process, its memory can be watched.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { receiveFile, type FileLimits } from '../../src/analyses/incoming-file.ts'
import { Problem } from '../../src/problems.ts'

export interface Outcome {
  hash?: string
  bytes?: number
  type?: string
  fields?: object
  /** SHA-256 is not the only proof: how many bytes come back. */
  reread?: number
  code?: string
  message?: string
}

export async function fileServer(
  limits: FileLimits,
  onOutcome: (outcome: Outcome) => void = () => undefined,
): Promise<Server> {
  const server = createServer((request, response) => {
    const take = async (): Promise<Outcome> => {
      const { file, fields } = await receiveFile(request, limits)
      try {
        const { hash, bytes, type } = file
        const reread = bytes > 1024 * 1024 ? bytes : (await buffer(file.open())).length
        return { hash, bytes, type, fields, reread }
      } finally {
        await file.discard()
      }
    }
    take()
      .catch((error: unknown): Outcome => {
        return {
          code: error instanceof Problem ? error.code : 'none',
          message: (error as Error).message,
        }
      })
      .then((outcome) => {
        onOutcome(outcome)
        response.writeHead(outcome.code === undefined ? 200 : 400, { connection: 'close' })
        response.end(JSON.stringify(outcome))
      })
      .catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  const { SYSTEM_TIME } = await import('../../src/time/time.ts')
  const [, , maxBytes, directory = ''] = process.argv
  const server = await fileServer({
    maxBytes: Number(maxBytes),
    progressMs: 60_000,
    time: SYSTEM_TIME,
    directory,
  })
  // The most that it had resident, in KiB.
  process.on('message', () => process.send?.({ maxRss: process.resourceUsage().maxRSS }))
  process.send({ port: portOf(server) })
  process.once('disconnect', () => process.exit())
}
