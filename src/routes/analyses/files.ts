// placeholder
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { Readable } from 'node:stream'
export function takeFiles(_app: unknown): void {
  return
}
export function isFile(_request: FastifyRequest): boolean {
  return false
}
export const FORM = { type: 'object' }
export async function receiveFile(_request: FastifyRequest, _config: Config) {
  return Promise.resolve({
    file: { bytes: 0, type: '', hash: '', open: () => Readable.from([]), discard: () => Promise.resolve() },
    named: {} as { subject?: string },
  })
}
