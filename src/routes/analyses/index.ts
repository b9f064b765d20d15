// Analyses: a content is analysed once, looked up by its hash, and deleted by its hash or its person.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { contentTag } from '../../analyses/analyses.ts'
import { normaliseText, textHash } from '../../analyses/identity.ts'
import { formatMoney } from '../../analyses/money.ts'
import { checkSubject } from '../../analyses/subject.ts'
import type { Config } from '../../config.ts'
import { NoQuery, problemAnswers } from '../../http/schemas.ts'
import { invalidParameter, Problem } from '../../problems.ts'
import { parseDate } from '../../time/instants.ts'
import { receiptOf } from '../cache/receipt.ts'
import { answerAnalysis, answerLookUp } from './answer.ts'
import { resolve } from './asked.ts'
import { FileForm, fileOf, isFile, takeFiles } from './files.ts'
import { savingsAnswer } from './savings.ts'
import {
  Analysis,
  AnalysisQuery,
  DeletedAnalyses,
  Forgotten,
  HashParameters,
  LookUpQuery,
  SavingsAnswer,
  SavingsQuery,
  SubjectParameters,
  TextRequest,
} from './schema.ts'
import { subjectOf } from './subject.ts'

const DESCRIPTION = `A text as JSON; a file as the body, with its own content type and the rest as query parameters, or as the field \`file\` of a form. Who asks for what
was analysed before gets that (\`X-Cache: HIT\`); of all who ask for what was not, one call is made. \`Cache-Control: no-cache\` analyses anew, \`only-if-cached\` never does.
The call goes on when the client leaves. With a subject the result is that person's alone.`

/** For the document. */
const AnalysisBody = {
  content: {
    'application/json': { schema: TextRequest },
    'application/octet-stream': { schema: Type.String({ format: 'binary' }) },
    'multipart/form-data': { schema: FileForm },
  },
}

/** Of JSON: a text in escapes, and the rest. */
const TEXT_BODY_BYTES = 2 * 1024 * 1024

export const analysisRoutes: FastifyPluginCallbackTypebox<{ config: Config }> = (app, { config }, done) => {
  takeFiles(app)
  app.post(
    '/analyses',
    {
      bodyLimit: TEXT_BODY_BYTES,
      config: { access: 'analyse', body: AnalysisBody },
      schema: {
        tags: ['analyses'],
        summary: 'Analyse a text or a file, or answer what was analysed before',
        description: DESCRIPTION,
        querystring: AnalysisQuery,
        // The others are streams by now.
        body: { content: { 'application/json': { schema: TextRequest } } },
        response: {
          200: Analysis,
          ...problemAnswers(400, 401, 403, 408, 409, 412, 413, 415, 422, 429, 502, 503, 504),
        },
      },
    },
    (request, reply) =>
      isFile(request)
        ? analyseFile(request, reply)
        : analyseText(request, reply, request.body as TextRequest | undefined),
  )
  app.get(
    '/analyses/:hash',
    {
      config: { access: 'read' },
      schema: {
        tags: ['analyses'],
        summary: 'What was found about a content',
        description:
          'Never analyses. Say the same analyser, language, tone and parameters as then. While it is being analysed, the 404 has `Retry-After`.',
        params: HashParameters,
        querystring: LookUpQuery,
        response: { 200: Analysis, ...problemAnswers(400, 404, 503) },
      },
    },
    (request, reply) => {
      const subject = subjectOf(request, request.query.subject)
      return answerLookUp(request, reply, request.params.hash.toLowerCase(), request.query, subject)
    },
  )
  app.delete(
    '/analyses/:hash',
    {
      config: { access: 'ops' },
      schema: {
        tags: ['analyses'],
        summary: 'Delete what was found about a content',
        description: 'By all analysers, with all parameters, for all persons. Whoever asks next pays.',
        params: HashParameters,
        querystring: NoQuery,
        response: { 200: DeletedAnalyses, 202: DeletedAnalyses, ...problemAnswers(400, 401, 403, 412, 503) },
      },
    },
    async (request, reply) => {
      const hash = request.params.hash.toLowerCase()
      // In this order: who reads after the clear finds no row.
      const { count: deleted, costs } = await app.analyses.void(hash)
      const result = await app.cache.clear({ kind: 'tag', selector: contentTag(hash) }, request.actor)
      request.log.info({ hash, deleted, actor: request.actor, seq: result.seq }, 'analyses deleted')
      reply.code(result.pending ? 202 : 200).header('cache-control', 'no-store')
      const cost = costs.map(({ currency, micros }) => ({ amount: formatMoney(micros), currency }))
      return { hash, deleted, cost, receipt: receiptOf(result) }
    },
  )
  app.get(
    '/analyses/savings',
    {
      config: { access: 'stats' },
      schema: {
        tags: ['analyses'],
        summary: 'What analyses cost, and what the cache saved',
        querystring: SavingsQuery,
        response: { 200: SavingsAnswer, ...problemAnswers(400, 401, 403, 503) },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      requireDays(request.query)
      // What this instance has counted and not written yet.
      await app.savings.settle()
      return savingsAnswer(app.database, request.query)
    },
  )
  app.delete(
    '/subjects/:subject',
    {
      config: { access: 'ops' },
      schema: {
        tags: ['analyses'],
        summary: 'Forget a person',
        description:
          'Deletes all that was analysed with this subject; what is under way is not kept. The log of clears names the person by `subject_hash` alone.',
        params: SubjectParameters,
        querystring: NoQuery,
        response: { 200: Forgotten, 202: Forgotten, ...problemAnswers(400, 401, 403, 412, 503) },
      },
    },
    async (request, reply) => {
      const subjectHash = app.subjects.hashOf(checkSubject(request.params.subject))
      const deleted = await app.analyses.forget(subjectHash)
      const selector = `*subject=${subjectHash}*`
      const result = await app.cache.clear({ kind: 'pattern', selector }, request.actor, {
        reason: 'forgotten',
      })
      request.log.info({ subjectHash, deleted, actor: request.actor, seq: result.seq }, 'subject forgotten')
      reply.code(result.pending ? 202 : 200).header('cache-control', 'no-store')
      return { subject_hash: subjectHash, deleted, receipt: receiptOf(result) }
    },
  )
  done()

  function analyseText(request: FastifyRequest, reply: FastifyReply, body: TextRequest | undefined) {
    const { text, subject: named, ...given } = wholeRequest(body, request.query as AnalysisQuery)
    const { analyser, asked } = resolve(app.analysers, 'text', given)
    const content = { kind: 'text', text: normaliseText(text) } as const
    return answerAnalysis(request, reply, {
      content,
      hash: textHash(content.text),
      analyser,
      asked,
      subject: subjectOf(request, named),
      ttlSeconds: config.ANALYSIS_TTL_TEXT,
    })
  }

  async function analyseFile(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { file, named } = await fileOf(request, config)
    try {
      const { analyser, asked } = resolve(app.analysers, 'file', named)
      await answerAnalysis(request, reply, {
        content: { kind: 'file', bytes: file.bytes, type: file.type, open: () => file.open() },
        hash: file.hash,
        analyser,
        asked,
        subject: subjectOf(request, named.subject),
        ttlSeconds: config.ANALYSIS_TTL_FILE,
      })
    } finally {
      await file.discard()
    }
  }
}

/** @throws Problem where a part is missing, or stands in the query. */
function wholeRequest(body: TextRequest | undefined, query: AnalysisQuery): TextRequest {
  const [stray] = Object.keys(query)
  if (stray !== undefined)
    throw invalidParameter(stray, 'belongs into the body, beside text: the query is for files')
  if (body === undefined)
    throw new Problem('invalid_body', 'send {"text": "…"} as application/json, or a file', [
      { parameter: 'text', detail: 'must be given' },
    ])
  return body
}

/** The form of both is checked by their schema. @throws Problem for a day that is none, and a range that ends before it begins. */
function requireDays({ from, to }: { from?: string; to?: string }): void {
  for (const [name, day] of Object.entries({ from, to }))
    if (day !== undefined && parseDate(day) === null)
      throw invalidParameter(name, `is no date (it is ${day})`)
  if (from !== undefined && to !== undefined && from > to)
    throw invalidParameter('from', `is ${from}, after to, ${to}`)
}
