// Link behind a proxy that strips a prefix: whoever resolves the references against the address asked, as HTTP clients do, stays on the way.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { startFilledDatabase } from '../../support/http.ts'
import { parseLinks } from '../../support/link-header.ts'
import { sharedRedis } from '../../support/redis.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'

const PREFIX = '/data/barometer'
const LISTS = [
  '/api/v1/media/latest?source=quay-post&limit=10',
  '/api/v1/volume?from=2020-03-20&limit=8',
  '/api/v1/score?from=2020-03-20&limit=8&order=asc',
  '/cache/clears?limit=1',
]
const url = await startFilledDatabase(t)

/** Hands on what stands under the prefix, without it, to whatever `origin` says then; the address of the prefix. */
async function startProxy(t: Test, origin: () => string): Promise<string> {
  const server = createServer((asked, answer) => {
    if (!asked.url?.startsWith(`${PREFIX}/`)) {
      answer.writeHead(404).end()
      return
    }
    const { method, headers } = asked
    const handedOn = request(
      origin(),
      { path: asked.url.slice(PREFIX.length), method, headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(answer)
      },
    )
    asked.pipe(handedOn)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}`
}

interface Page {
  rows: string[]
  links: Record<string, string>
}

async function read(address: string): Promise<Page> {
  const response = await fetch(address)
  if (response.status !== 200) throw new Error(`${address} answered ${response.status}`)
  const { data } = (await response.json()) as { data: object[] }
  return {
    rows: data.map((row) => JSON.stringify(row)),
    links: parseLinks(response.headers.get('link') ?? ''),
  }
}

/** All rows from an address on, by `next` alone, and every link that was seen. */
async function follow(address: string): Promise<Page> {
  const all: Page = { rows: [], links: {} }
  let here: string | undefined = address
  for (let step = 0; here !== undefined; step += 1) {
    const { rows, links } = await read(here)
    all.rows.push(...rows)
    for (const [relation, link] of Object.entries(links)) all.links[`${step} ${relation}`] = link
    here = links.next === undefined ? undefined : new URL(links.next, here).href
  }
  return all
}

async function someClears(service: TestService): Promise<void> {
  for (let times = 0; times < 3; times += 1)
    await service.app.inject({ method: 'DELETE', url: '/cache/clear?key=nothing' })
}

t.test('links of a query alone lead on through the proxy, missed, validated and hot', async (t) => {
  const service = await startService(t, { DATABASE_URL: url })
  const proxy = await startProxy(t, () => service.url)
  await someClears(service)
  for (const list of LISTS) {
    const direct = await read(service.url + list.replace(/limit=\d+/, 'limit=500'))
    t.ok(direct.rows.length > 2, list)
    // The same addresses again: loaded, then hits that the framework validates, then those in front of it.
    for (const way of ['loaded', 'validated', 'hot']) {
      const { rows, links } = await follow(proxy + list)
      t.strictSame(rows, direct.rows, `${list} ${way}`)
      for (const link of Object.values(links)) t.match(link, /^\?/)
    }
  }
})

t.test('with PUBLIC_URL they are absolute, whoever stored the answer', async (t) => {
  const redis = await sharedRedis(t)
  const shared = { DATABASE_URL: url, REDIS_URL: redis.url, CACHE_PREFIX: 'links', ...PATIENT_REDIS }
  const stored = await startService(t, shared)
  let origin = ''
  const proxy = await startProxy(t, () => origin)
  const service = await startService(t, { ...shared, PUBLIC_URL: `${proxy}/` })
  origin = service.url
  await someClears(stored)
  for (const list of LISTS) {
    const direct = await follow(stored.url + list)
    for (const way of ['from Redis', 'validated', 'hot']) {
      const { rows, links } = await follow(proxy + list)
      t.strictSame(rows, direct.rows, `${list} ${way}`)
      for (const link of Object.values(links)) t.ok(link.startsWith(`${proxy}/`), link)
    }
  }
  t.match(await (await fetch(`${proxy}/openapi.json`)).json(), { servers: [{ url: proxy }] })
})
