// The document at /openapi.json: valid OpenAPI 3.1, every route there is and none that is not, and what it says holds.
import { createConfig, lintFromString } from '@redocly/openapi-core'
import t from 'tap'
import { jsonOf } from '../../support/answers.ts'
import { Compile } from 'typebox/compile'
import { VERSION } from '../../../src/version.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { send } from '../../support/http.ts'

interface Parameter {
  name: string
  in: string
  required: boolean
  description?: string
  schema: object
  example?: unknown
}
interface Content {
  schema: object
  examples?: Record<string, { value: unknown }>
}
interface Answer {
  description: string
  headers: Record<string, object>
  content?: Record<string, Content>
}
type Reference = { $ref: string }
interface Operation {
  operationId: string
  summary?: string
  tags: string[]
  parameters?: (Parameter | Reference)[]
  requestBody?: { required: boolean; content: Record<string, Content> }
  responses: Record<string, Answer | Reference>
  security?: Record<string, string[]>[]
}
interface OpenApiDocument {
  openapi: string
  info: { title: string; version: string; description: string }
  servers: { url: string }[]
  tags: { name: string; description: string }[]
  components: Record<string, Record<string, unknown>>
  paths: Record<string, Record<string, Operation>>
}

const service = await startService(t, { DATABASE_URL: await createDatabase(await sharedPostgres(t)) })
const document = jsonOf<OpenApiDocument>(await send(service, '/openapi.json'))
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    path,
    operation,
  })),
)

t.test('it is a document of OpenAPI 3.1', async (t) => {
  const { status, headers } = await send(service, '/openapi.json')
  t.strictSame([status, headers['content-type']], [200, 'application/json; charset=utf-8'])
  t.match(document, {
    openapi: '3.1.0',
    info: { title: 'Barometer', version: VERSION },
    servers: [{ url: '/' }],
  })
  t.ok(document.tags.every(({ name, description }) => name.length > 0 && description.length > 5))
})

t.test('it lints clean under the recommended rules', async (t) => {
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source: JSON.stringify(document), config })
  t.strictSame(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer ?? ''}`),
    [],
  )
})

t.test('each of its references leads somewhere, and each shared part is used', (t) => {
  const text = JSON.stringify(document)
  const references = new Set([...text.matchAll(/"\$ref":"#([^"]+)"/g)].map((match) => match[1] ?? ''))
  for (const reference of references) t.ok(resolve({ $ref: `#${reference}` }), reference)
  const parts = Object.entries(document.components).flatMap(([kind, all]) =>
    kind === 'securitySchemes' ? [] : Object.keys(all).map((name) => `/components/${kind}/${name}`),
  )
  t.strictSame(
    parts.filter((part) => !references.has(part)),
    [],
  )
  t.end()
})

t.test('it names every route, and no other', (t) => {
  const routes = listRoutes(service.app.printRoutes()).filter(
    (name) => !/^HEAD | \/(docs|dashboard|metrics|openapi\.json)/.test(name),
  )
  t.ok(routes.includes('GET /api/v1/media/{id}'))
  t.strictSame(operations.map(({ name }) => name).sort(), routes.sort())
  t.end()
})

for (const { name, path, operation } of operations) {
  t.test(name, (t) => {
    const { operationId, summary = '', tags, responses, requestBody, security } = operation
    const parameters = (operation.parameters ?? []).map((parameter) => resolve<Parameter>(parameter))
    t.match(operationId, /^(get|delete|post|put)[A-Z]\w+$/)
    t.equal(operations.filter((other) => other.operation.operationId === operationId).length, 1)
    t.ok(summary.length > 5, 'says what it does')
    t.ok(tags.length === 1 && document.tags.some((tag) => tag.name === tags[0]), 'has a known tag')

    const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name}`)
    t.equal(new Set(keys).size, keys.length, 'names a parameter once')
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    t.strictSame(
      inPath,
      parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name),
    )
    for (const parameter of parameters) {
      const isNeeded =
        parameter.in === 'path' ||
        // Bars must not land in an instrument by a slip.
        (path === '/api/v1/ingest/bars' && parameter.name === 'symbol') ||
        name === 'GET /cache/entries'
      t.equal(parameter.required, isNeeded, `${parameter.name} may be left out`)
      t.ok(isSchema(parameter.schema), parameter.name)
      if (parameter.in === 'header') continue
      const { examples } = parameter.schema as { examples?: unknown[] }
      const example = parameter.in === 'path' ? parameter.example : examples?.[0]
      t.ok(Compile(resolved(parameter.schema)).Check(example), `${parameter.name} has an example`)
    }

    // A button of existing clients, for what nothing here does.
    const isRefusedAlways = path === '/api/v1/scheduler/trigger'
    t.equal(
      Object.keys(responses).some((status) => status.startsWith('2')),
      !isRefusedAlways,
    )
    for (const [status, reference] of Object.entries(responses)) {
      const { description, headers, content = {} } = resolve<Answer>(reference)
      t.match(status, /^([2-5]\d\d|default)$/)
      t.ok(description.length > 1 && description !== 'Default Response', status)
      t.ok('x-request-id' in headers, status)
      if (status === '304') continue
      const [type] = Object.keys(content)
      // A probe that says no is no problem.
      const isProblem = !status.startsWith('2') && !(tags[0] === 'health' && status === '503')
      const isStream = name === 'GET /api/v1/dashboard/events'
      const plain = isStream ? 'text/event-stream' : 'application/json'
      t.equal(type, isProblem ? 'application/problem+json' : plain, status)
      for (const { schema, examples = {} } of Object.values(content)) {
        t.ok(isSchema(schema), status)
        const values = Object.values(examples).map(({ value }) => value)
        if (status !== 'default' && status !== '202' && status !== '503' && type !== 'text/event-stream')
          t.ok(values.length > 0, `${status} has an example`)
        for (const value of values)
          t.ok(Compile(resolved(schema)).Check(value), `${status}: its example has its shape`)
      }
    }
    for (const [type, { schema, examples = {} }] of Object.entries(requestBody?.content ?? {})) {
      t.ok(isSchema(schema), 'body')
      // The bytes of a file say nothing.
      if (type === 'application/octet-stream' || type === 'multipart/form-data') continue
      t.ok(Object.values(examples).length > 0, 'the body has an example')
    }

    const schemes = (security ?? []).flatMap((one) => Object.keys(one))
    const isOpen =
      tags[0] === 'health' || /^\/api\/v1\/(health\/ping|monitoring\/health|scheduler\/trigger)$/.test(path)
    t.equal(schemes.length > 0, !isOpen, 'says which key it may ask for')
    t.ok(schemes.every((scheme) => scheme in (document.components.securitySchemes ?? {})))
    t.end()
  })
}

function resolve<Part>(part: Part | Reference): Part {
  if (!(typeof part === 'object' && part !== null && '$ref' in part)) return part
  const names = part.$ref.replace(/^#\//, '').split('/')
  return names.reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], document) as Part
}

/** Without references. */
function resolved(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema, (_, value: unknown) =>
      typeof value === 'object' && value !== null && '$ref' in value
        ? resolved(resolve<object>(value))
        : value,
    ),
  ) as object
}

/** JSON Schema 2020-12 without what only OpenAPI 3.0 had. */
function isSchema(schema: object): boolean {
  Compile(resolved(schema))
  return !/"(nullable|\$id|example)":|"exclusiveM\w+":(true|false)/.test(JSON.stringify(schema))
}

/** `METHOD /path` of each route in Fastify's tree, which has four columns a level and at each branch what its path has more. */
function listRoutes(tree: string): string[] {
  const [routes, branch]: [string[], string[]] = [[], []]
  for (const line of tree.trimEnd().split('\n')) {
    const [, indent = '', part = '', methods = ''] =
      /^([ │]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? []
    branch.splice(indent.length / 4, Infinity, part)
    const path = branch.join('').replace(/:(\w+)/g, '{$1}')
    routes.push(
      ...methods
        .split(', ')
        .filter(Boolean)
        .map((method) => `${method} ${path}`),
    )
  }
  return routes
}
