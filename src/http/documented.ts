// What a route's schema says, as an OpenAPI document has to say it.
import { STATUS_CODES } from 'node:http'
import type { FastifySchema } from 'fastify'
import type { Scope } from '../access/keys.ts'
import { problemAnswers } from './schemas.ts'

/** The schema of one route with what the document needs beyond it: which parameters may be left out, what answers mean, who may ask. */
export function documented(schema: FastifySchema, access: Scope | 'open'): FastifySchema {
  const { querystring, response } = schema as { querystring?: object; response?: object }
  return {
    ...schema,
    ...(querystring === undefined ? {} : { querystring: withoutDefaultsRequired(querystring) }),
    ...(response === undefined ? {} : { response: withDescriptions({ ...response, ...refusals(access) }) }),
    ...(access === 'open' ? {} : { security: securityOf(access) }),
  }
}

/** What any route answers that may ask for a key. */
function refusals(access: Scope | 'open'): object {
  return access === 'open' ? {} : problemAnswers(429)
}

/** For the handler, a parameter with a default is always there; who asks may leave it out. */
function withoutDefaultsRequired(querystring: object): object {
  const { properties = {}, required = [] } = querystring as {
    properties?: Record<string, object>
    required?: string[]
  }
  return { ...querystring, required: required.filter((name) => !('default' in (properties[name] ?? {}))) }
}

/** Each answer has to be described, and its status says it all. */
function withDescriptions(response: object): object {
  const described = Object.entries(response).map(([status, answer]: [string, object]) => [
    status,
    { 'x-response-description': STATUS_CODES[status] ?? status, ...answer },
  ])
  return Object.fromEntries(described) as object
}

/** `{}`, which is no key at all, because whether one is asked for is a matter of configuration. */
function securityOf(scope: Scope): Record<string, string[]>[] {
  return [{}, { bearer: [scope] }, { header: [scope] }]
}
