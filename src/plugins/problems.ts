// Turns every error into a problem answer; what went wrong inside stays in the log.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { DatabaseUnavailable } from '../db/errors.ts'
import { FailureLog } from '../failure-log.ts'
import { AllowedMethods } from '../http/allowed-methods.ts'
import { PageError } from '../pagination/index.ts'
import { Problem, problemBody, type ProblemCode } from '../problems.ts'
import { NO_SNIFFING } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** For failures that every request shares while something is away. */
    failureLogs: ReadonlyMap<ProblemCode, FailureLog>
  }
}

/** The call itself has its line in the log, or there was none. */
const SAID_ELSEWHERE: ReadonlySet<ProblemCode> = new Set([
  'analyser_failed',
  'analyser_timeout',
  'analyser_busy',
  'analyses_busy',
  'not_cached',
])
/** Seconds after which a client may try again, PostgreSQL away or this process busy. */
const RETRY_AFTER_S = 2
const PATH_SHOWN_LENGTH = 100

export default fastifyPlugin(
  (app) => {
    const shared: ProblemCode[] = ['database_unavailable', 'overloaded', 'dashboard_busy', 'ingestion_busy']
    const logs = new Map(shared.map((code) => [code, new FailureLog(app.time)]))
    app.decorate('failureLogs', logs)
    app.addHook('onClose', (_app, closed) => {
      for (const log of logs.values()) log.close()
      closed()
    })
    app.setErrorHandler((error: FastifyError, request, reply) => {
      void sendError(error, request, reply)
    })
    const methods = new AllowedMethods()
    app.addHook('onRoute', ({ method, url }) => methods.add([method].flat(), url))
    app.setNotFoundHandler((request, reply) => {
      // OPTIONS of the server as a whole; nothing else asks for that.
      if (request.url === '*') return reply.code(204).header('allow', methods.all().join(', ')).send()
      const [path = ''] = request.url.split('?', 1)
      const shown = `${request.method} ${path.slice(0, PATH_SHOWN_LENGTH)}`
      const allowed = methods.of(path)
      // A route may say itself that it has nothing there.
      if (allowed.length === 0 || allowed.includes(request.method))
        return sendProblem(request, reply, new Problem('route_not_found', `there is no ${shown}; see /docs`))
      const detail = `there is no ${shown}, only ${allowed.join(', ')}; see /docs`
      return sendProblem(
        request,
        reply.header('allow', allowed.join(', ')),
        new Problem('method_not_allowed', detail),
      )
    })
  },
  { name: 'problems', dependencies: ['time'] },
)

/** Answers any error. One that is not the client's goes to the log, and what is answered tells nothing of it. */
export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request)
  // What is not there by design is no failure.
  if (problem.statusCode >= 500 && problem.statusCode !== 501 && !SAID_ELSEWHERE.has(problem.code)) {
    const shared = request.server.failureLogs.get(problem.code)
    if (shared === undefined) request.log.error({ err: error }, problem.message)
    else shared.report(request.log, error, problem.message)
  }
  return sendProblem(request, reply, problem)
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  const retryAfter = problem.retryAfter ?? (problem.statusCode === 503 ? RETRY_AFTER_S : null)
  if (retryAfter !== null) reply.header('retry-after', String(retryAfter))
  if (problem.statusCode === 401) reply.header('www-authenticate', 'Bearer')
  return reply
    .code(problem.statusCode)
    .header('x-request-id', request.id)
    .header('cache-control', 'no-store')
    .headers(NO_SNIFFING)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemBody(problem, request.id)))
}

function toProblem(error: FastifyError, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error instanceof PageError) {
    const detail = error.message
    return new Problem(
      error.code,
      detail,
      error.parameters.map((parameter) => ({ parameter, detail })),
    )
  }
  if (error instanceof DatabaseUnavailable) {
    return new Problem(
      'database_unavailable',
      'the database does not answer and no earlier answer is at hand; try again shortly',
    )
  }
  return fastifyProblem(error, request)
}

/** What Fastify itself refuses before a handler runs: a broken URL or body, a wrong type, a body that is too large. */
function fastifyProblem({ code, statusCode = 500 }: FastifyError, request: FastifyRequest): Problem {
  switch (code) {
    case 'FST_ERR_BAD_URL':
      return new Problem('malformed_request', 'the URL cannot be decoded')
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new Problem('invalid_body', 'the request body is not valid JSON')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Problem('invalid_body', 'the request body is not as long as content-length says')
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem(
        'body_too_large',
        `a request body has at most ${request.server.initialConfig.bodyLimit ?? 0} bytes`,
      )
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem(
        'unsupported_media_type',
        'a request body is JSON, sent with content-type: application/json',
      )
  }
  return statusCode >= 400 && statusCode < 500
    ? new Problem('malformed_request', 'the request cannot be understood')
    : new Problem('internal_error', 'an unexpected error; the log has it under this request_id')
}
