// Asks a running service for the examples of its OpenAPI document.
import type { Example } from '../../../src/openapi/examples.ts'
import { operationId } from '../../../src/openapi/document.ts'
import type { OpenApiDocument } from '../../../src/openapi/model.ts'
import { until } from '../../support/until.ts'
import { REQUESTS, type ExampleRequest } from './requests.ts'

/** @param url of a service on the sample data, on its embedded defaults, just started. */
export async function recordExamples(url: string): Promise<Record<string, Example[]>> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument
  const examples: Record<string, Example[]> = {}
  for (const request of REQUESTS) {
    if (request.target.startsWith('/cache/clears')) await outcomesAreNoted(url)
    if (request.target.endsWith('/cache/stats')) await stateIsKnown(url)
    const { id, example } = await record(url, document, request)
    examples[id] = [...(examples[id] ?? []), example]
  }
  // One that goes on from another page: its cursor is in that page's answer.
  for (const id of ['getVolume', 'getScore', 'getMediaLatest', 'getCacheClears']) {
    const first = examples[id]?.[0]
    const cursor = (first?.answer as { pagination: { next_cursor: string } }).pagination.next_cursor
    const target = `${first?.target ?? ''}&cursor=${cursor}`
    const { example } = await record(url, document, { summary: 'The page behind it', target })
    examples[id]?.splice(1, 0, example)
  }
  return examples
}

/** What became of a clear is noted in the log after it was answered. */
async function outcomesAreNoted(url: string): Promise<void> {
  await until('the last clear to be noted', async () => {
    const answer = await (await fetch(`${url}/cache/clears?soft=false&limit=1`)).json()
    return (answer as { data: { completed_at: string | null }[] }).data[0]?.completed_at !== null
  })
}

/**
 * The figures of the fleet are waited for for a moment only; once they were read, they are there. A lease is held for a second after somebody
 * asked for data, here for what is in the cache already.
 */
async function stateIsKnown(url: string): Promise<void> {
  await until('a lease, and the figures of the fleet', async () => {
    await fetch(`${url}/api/v1/metadata/components`)
    const { cache } = (await (await fetch(`${url}/cache/stats`)).json()) as {
      cache: { fleet: object | null; lease: { state: string } }
    }
    return cache.fleet !== null && cache.lease.state === 'held'
  })
}

async function record(
  url: string,
  document: OpenApiDocument,
  { summary, method = 'GET', target, body, type }: ExampleRequest,
): Promise<{ id: string; example: Example }> {
  const response = await fetch(url + target, {
    method,
    ...(body === undefined
      ? {}
      : {
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': type ?? 'application/json' },
        }),
  })
  if (!response.ok)
    throw new Error(`${method} ${target} answered ${response.status}: ${await response.text()}`)
  const { pathname, searchParams } = new URL(target, url)
  const { template, inPath } = templateOf(document, pathname)
  return {
    id: operationId(method.toLowerCase(), template),
    example: {
      summary,
      target,
      parameters: { ...inPath, ...Object.fromEntries(searchParams) },
      ...(body === undefined ? {} : { body }),
      ...(type === undefined ? {} : { type }),
      status: response.status,
      answer: await response.json(),
    },
  }
}

/** The path of the document that a request's path is one of; concrete ones come before templates. */
function templateOf(document: OpenApiDocument, pathname: string) {
  if (pathname in document.paths) return { template: pathname, inPath: {} }
  for (const template of Object.keys(document.paths)) {
    const match = new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(pathname)
    if (match !== null) return { template, inPath: { ...match.groups } }
  }
  throw new Error(`the document has no ${pathname}`)
}
