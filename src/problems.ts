// Every error the service can answer: code, status and title, once. Tests and documents go by these.

export const PROBLEMS = {
  invalid_parameter: { status: 400, title: 'A parameter is not valid' },
  invalid_body: { status: 400, title: 'The request body is not valid' },
  malformed_request: { status: 400, title: 'The request is malformed' },
  pagination_conflict: { status: 400, title: 'Both kinds of pagination were asked for' },
  offset_too_large: { status: 400, title: 'The offset is too large' },
  cursor_malformed: { status: 400, title: 'The cursor is not one of ours' },
  cursor_damaged: { status: 400, title: 'The cursor is damaged' },
  cursor_version: { status: 400, title: 'The cursor is of another version' },
  cursor_route: { status: 400, title: 'The cursor is of another list' },
  cursor_order: { status: 400, title: 'The cursor is of another order' },
  cursor_filters: { status: 400, title: 'The cursor is of other filters' },
  cursor_unknown_id: { status: 400, title: 'The cursor names an article that is not there' },
  key_required: { status: 401, title: 'An API key is required' },
  key_invalid: { status: 401, title: 'The API key is not known' },
  scope_missing: { status: 403, title: 'The API key may not do this' },
  protected_mode: { status: 403, title: 'Only direct local requests may do this' },
  route_not_found: { status: 404, title: 'There is no such route' },
  unknown_symbol: { status: 404, title: 'There is no such instrument' },
  unknown_source: { status: 404, title: 'There is no such media source' },
  unknown_article: { status: 404, title: 'There is no such article' },
  unknown_clear: { status: 404, title: 'There is no such clear' },
  unknown_entry: { status: 404, title: 'Nothing is cached under this key' },
  analysis_unknown: { status: 404, title: 'The content was not analysed so' },
  no_score: { status: 404, title: 'The instrument has no score' },
  method_not_allowed: { status: 405, title: 'The route does not have this method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  source_in_use: { status: 409, title: 'The media source has articles' },
  instrument_in_use: { status: 409, title: 'The instrument has bars' },
  clear_too_large: { status: 409, title: 'The clear would delete more than expected' },
  analysis_discarded: { status: 409, title: 'The result was not kept' },
  precondition_failed: { status: 412, title: 'A precondition of the request does not hold' },
  body_too_large: { status: 413, title: 'The request body is too large' },
  query_too_long: { status: 414, title: 'The query string is too long' },
  unsupported_media_type: { status: 415, title: 'The request body has an unsupported type' },
  expectation_failed: { status: 417, title: 'The request expects what is not done here' },
  rows_rejected: { status: 422, title: 'The body has rows that cannot be taken' },
  analysis_refused: { status: 422, title: 'The analyser does not take the content' },
  budget_spent: { status: 429, title: "The analyser's budget of today is spent" },
  too_many_failed_keys: { status: 429, title: 'Too many wrong API keys came from this address' },
  headers_too_large: { status: 431, title: 'The URL and headers are too large' },
  internal_error: { status: 500, title: 'Something went wrong here' },
  not_collecting: { status: 501, title: 'Nothing here collects' },
  analyser_failed: { status: 502, title: 'The analyser gave no usable answer' },
  overloaded: { status: 503, title: 'The service has more to do than it can' },
  dashboard_busy: { status: 503, title: 'As many dashboards are open as may be' },
  ingestion_busy: { status: 503, title: 'Others write at the moment' },
  analyses_busy: { status: 503, title: 'As many analyses wait as may' },
  analyser_busy: { status: 503, title: 'The analyser wants to be left alone' },
  shared_cache_unavailable: { status: 503, title: 'The cache that instances share cannot be asked' },
  database_unavailable: { status: 503, title: 'The data cannot be read at the moment' },
  not_cached: { status: 504, title: 'Nothing is kept, and nothing else was wanted' },
  analyser_timeout: { status: 504, title: 'The analyser did not answer in time' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

export interface ParameterError {
  /** The parameter's name; for a body, the field's. */
  parameter: string
  detail: string
}

/** Which records of a body are at fault. */
export interface RejectedRecords {
  read: number
  rejections: { line: number; item?: number; field: string | null; reason: string }[]
}

/** An error meant for the client. `detail` is a sentence for a person; `errors` names each parameter at fault. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly statusCode: number
  readonly errors: ParameterError[]
  /** Seconds after which it is worth trying again, where that is known. */
  readonly retryAfter: number | null
  /** Of a body of many records. */
  rejected: RejectedRecords | undefined

  constructor(
    code: ProblemCode,
    detail: string,
    errors: ParameterError[] = [],
    retryAfter: number | null = null,
  ) {
    super(detail)
    this.name = 'Problem'
    this.code = code
    this.statusCode = PROBLEMS[code].status
    this.errors = errors
    this.retryAfter = retryAfter
  }
}

/** Every parameter at fault, each with the end of a sentence that begins with its name. */
export function invalidParameters(errors: ParameterError[]): Problem {
  const detail = errors.map((error) => `${error.parameter} ${error.detail}`).join('; ')
  return new Problem('invalid_parameter', detail, errors)
}

/** One parameter at fault. */
export function invalidParameter(parameter: string, detail: string): Problem {
  return invalidParameters([{ parameter, detail }])
}

/** The body of a problem answer (RFC 9457, application/problem+json). */
export function problemBody(problem: Problem, requestId: string): object {
  const { status, title } = PROBLEMS[problem.code]
  return {
    type: `urn:barometer:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    request_id: requestId,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
    ...problem.rejected,
  }
}
