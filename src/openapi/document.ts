// Finishes the OpenAPI document that is made from the routes' schemas: names, headers, shared parts and examples.
import { coerceText } from '../coerce-text.ts'
import { ANSWER_HEADERS, headersOf } from './headers.ts'
import { EXAMPLES } from './examples.ts'
import { problemReference, problemResponse, problemResponses } from './problem-responses.ts'
import type { Answer, Content, OpenApiDocument, Operation, Parameter, RequestBody } from './model.ts'
import { extractSchemas } from './shared-schemas.ts'

const JSON_TYPE = 'application/json'

/** The document that clients get. What is passed in is not changed. */
export function completeDocument(document: OpenApiDocument): OpenApiDocument {
  const paths = Object.entries(document.paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => [method, complete(method, path, operation)]),
    ),
  ])
  return extractSchemas({
    ...document,
    paths: Object.fromEntries(paths) as OpenApiDocument['paths'],
    components: {
      ...document.components,
      headers: ANSWER_HEADERS,
      parameters: { IfNoneMatch: IF_NONE_MATCH },
      responses: { ...problemResponses(), NotModified: NOT_MODIFIED },
    },
  })
}

/** `get /api/v1/volume/latest` → `getVolumeLatest`. */
export function operationId(method: string, path: string): string {
  const words = path.replace(/^\/api\/v1(?=\/)/, '').match(/[A-Za-z0-9]+/g) ?? []
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function complete(method: string, path: string, operation: Operation): Operation {
  const id = operationId(method, path)
  // What is cached answers conditional requests.
  const isCached = operation.security?.some((scheme) => scheme.bearer?.includes('read')) === true
  const responses = Object.entries(operation.responses).map(([status, answer]) => [
    status,
    problemResponse(status, answer) ?? withHeadersAndExamples(id, status, answer, isCached),
  ])
  return {
    operationId: id,
    ...operation,
    ...(operation.parameters === undefined && !isCached
      ? {}
      : { parameters: parametersOf(id, operation, isCached) }),
    ...(operation.requestBody === undefined ? {} : { requestBody: bodyOf(id, operation.requestBody) }),
    security: operation.security ?? [],
    responses: {
      ...alwaysPossible(operation),
      ...(Object.fromEntries(responses) as Record<string, Answer>),
      ...(isCached
        ? { 304: { $ref: '#/components/responses/NotModified' }, 412: problemReference(412) }
        : {}),
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

/** Problems of every request, and of every request with a body. */
function alwaysPossible({ requestBody }: Operation): Record<string, Answer> {
  const statuses = [400, 408, ...(requestBody === undefined ? [] : [413, 415]), 414, 417, 431, 500, 503]
  return Object.fromEntries(statuses.map((status) => [status, problemReference(status)]))
}

function parametersOf(id: string, { parameters = [] }: Operation, isCached: boolean): Parameter[] {
  const requests = EXAMPLES[id] ?? []
  const documented = parameters.map((parameter) => {
    const given = requests.map(({ parameters: values }) => values[parameter.name])
    const example = given.find((value) => value !== undefined) ?? exampleIn(parameter.schema)
    if (example === undefined) return parameter
    const value = coerceText(parameter.schema, example)
    // In the schema, the page at /docs shows it without filling it in: a request with all of them would contradict itself.
    return parameter.in === 'path'
      ? { ...parameter, example: value }
      : { ...parameter, schema: { ...parameter.schema, examples: [value] } }
  })
  const conditional = { $ref: '#/components/parameters/IfNoneMatch' } as unknown as Parameter
  return isCached ? [...documented, conditional] : documented
}

/** Of what no recorded request sends. */
function exampleIn(schema: object): string | undefined {
  return (schema as { 'x-example'?: string })['x-example']
}

/** Fastify takes any body that has a schema for required; ours may be left out. */
function bodyOf(id: string, body: RequestBody): RequestBody {
  const examplesOf = (wanted: string) =>
    (EXAMPLES[id] ?? []).flatMap(({ summary, body: value, type = JSON_TYPE }) =>
      value === undefined || type !== wanted ? [] : [{ summary, value }],
    )
  const content = Object.entries(body.content).map(([type, one]) => [
    type,
    { ...one, ...named(examplesOf(type)) },
  ])
  return { ...body, required: false, content: Object.fromEntries(content) as Record<string, Content> }
}

function withHeadersAndExamples(id: string, status: string, answer: Answer, isCached: boolean): Answer {
  const examples = (EXAMPLES[id] ?? []).filter((example) => String(example.status) === status)
  const json = answer.content?.[JSON_TYPE]
  const isList = JSON.stringify(json?.schema ?? {}).includes('"pagination"')
  return {
    ...answer,
    headers: headersOf(isCached, isList),
    ...(json === undefined
      ? {}
      : {
          content: {
            ...answer.content,
            [JSON_TYPE]: {
              ...json,
              ...named(examples.map(({ summary, answer: value }) => ({ summary, value }))),
            },
          },
        }),
  }
}

function named(examples: { summary: string; value: unknown }[]): Pick<Content, 'examples'> {
  if (examples.length === 0) return {}
  const entries = examples.map((example) => [example.summary.replace(/[^A-Za-z0-9]+/g, '-'), example])
  return { examples: Object.fromEntries(entries) as Content['examples'] & object }
}

const NOT_MODIFIED: Answer = {
  description: 'What the client has is what would be answered',
  headers: headersOf(true, false),
}

const IF_NONE_MATCH = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'Entity tags that the client has; where one is still right, the answer is 304 without a body',
  schema: { type: 'string' },
}
