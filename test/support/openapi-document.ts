// The OpenAPI document as tests use it: operations with checks of their answers.
import { Compile } from 'typebox/compile'
import { send } from './http.ts'
import type { TestService } from './service.ts'

export interface Operation {
  method: string
  path: string
  /** Parameters of the query. */
  names: string[]
  /** All that are documented, `default` apart. */
  statuses: Set<string>
  /** Checks by status; problems are not among them. */
  answers: Map<string, (body: unknown) => boolean>
  /** What these check by, without references. */
  schemas: Map<string, object>
}

interface JsonOperation {
  parameters?: object[]
  responses: Record<string, object>
}
interface Content {
  content?: Record<string, { schema: object }>
}

export async function readDocument(service: TestService) {
  const document = JSON.parse((await send(service, '/openapi.json')).body) as {
    paths: Record<string, Record<string, JsonOperation>>
    components: { schemas: Record<string, object> }
  }

  /** Without references, wherever they are. */
  function resolved(part: object): object {
    const text = JSON.stringify(part, (_, value: unknown) =>
      typeof value === 'object' && value !== null && '$ref' in value
        ? resolved(follow(value.$ref as string))
        : value,
    )
    return JSON.parse(text) as object
  }
  function follow(reference: string): object {
    const names = reference.replace(/^#\//, '').split('/')
    return names.reduce<unknown>(
      (inner, name) => (inner as Record<string, unknown>)[name],
      document,
    ) as object
  }
  function checkOf(schema: object): (body: unknown) => boolean {
    const checker = Compile(resolved(schema))
    return (body) => checker.Check(body)
  }

  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [], responses }]): Operation[] => {
      // An answer without an end is looked at in test/dashboard/.
      if ('text/event-stream' in ((responses['200'] as Content | undefined)?.content ?? {})) return []
      const schemas = Object.entries(responses).flatMap(([status, response]) => {
        const json = (resolved(response) as Content).content?.['application/json']
        return json === undefined ? [] : [[status, json.schema] as const]
      })
      const operation = {
        method: method.toUpperCase(),
        path,
        names: parameters
          .map((parameter) => resolved(parameter) as { name: string; in: string })
          .filter((parameter) => parameter.in === 'query')
          .map(({ name }) => name),
        statuses: new Set(Object.keys(responses)),
        answers: new Map(schemas.map(([status, schema]) => [status, checkOf(schema)])),
        schemas: new Map(schemas),
      }
      return [operation]
    }),
  )
  return { operations, isProblem: checkOf(document.components.schemas.Problem!) }
}
