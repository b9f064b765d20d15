// Files: any body that is not JSON, taken in as it streams.
import { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { receiveFile, type IncomingFile } from '../../analyses/incoming-file.ts'
import type { Config } from '../../config.ts'
import { invalidParameter } from '../../problems.ts'
import type { Named } from './asked.ts'
import type { AnalysisQuery } from './schema.ts'

const MIB = 1024 * 1024

/** A form, for the document: what is in it is checked as it comes. */
export const FileForm = Type.Object({
  file: Type.String({ format: 'binary' }),
  language: Type.Optional(Type.String()),
  tone: Type.Optional(Type.String()),
  analyser: Type.Optional(Type.String()),
  parameters: Type.Optional(Type.String({ description: 'A JSON object' })),
  subject: Type.Optional(Type.String()),
})

/** Has the routes of a scope get the stream of every body that is not JSON. */
export function takeFiles(app: FastifyInstance): void {
  app.addContentTypeParser('*', (_request, raw, next) => next(null, raw))
}

export function isFile(request: FastifyRequest): boolean {
  return request.body instanceof IncomingMessage
}

/** The file, which whoever gets it discards, and what is asked of it. @throws Problem that names what is wrong with the request. */
export async function fileOf(
  request: FastifyRequest,
  config: Config,
): Promise<{ file: IncomingFile['file']; named: Named & { subject?: string } }> {
  const { file, fields } = await receiveFile(request.raw, {
    maxBytes: config.ANALYSIS_MAX_MB * MIB,
    progressMs: config.REQUEST_TIMEOUT_MS,
    time: request.server.time,
  })
  const query = request.query as AnalysisQuery
  const twice = Object.keys(fields).find((name) => name in query)
  if (twice === undefined) return { file, named: { ...query, ...fields } }
  await file.discard()
  throw invalidParameter(twice, 'stands in the query and in the form: it must be given once')
}
