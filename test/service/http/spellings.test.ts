// One answer, one cache entry: unknown parameters, their order and the spelling of a URL never reach a key.
import t from 'tap'
import { startService } from '../../support/service.ts'
import { send, startFilledDatabase } from '../../support/http.ts'

const service = await startService(t, { DATABASE_URL: await startFilledDatabase(t) })

/** Asserts that each spelling is answered by the entry that the first one made. */
function shareOneEntry(name: string, [first, ...others]: [string, ...string[]]): void {
  t.test(name, async (t) => {
    const made = await send(service, first)
    t.strictSame([made.status, made.headers['x-cache']], [200, 'MISS'], first)
    const { memory_cache_size } = await service.app.cache.stats()
    for (const other of others) {
      const { headers, body } = await send(service, other)
      t.strictSame(
        [headers['x-cache'], headers.etag, headers.link],
        ['HIT', made.headers.etag, made.headers.link],
        other,
      )
      t.equal(body, made.body, other)
    }
    t.equal((await service.app.cache.stats()).memory_cache_size, memory_cache_size)
  })
}

const UNKNOWN = [
  'auto_scrape=false',
  '_=123',
  '__proto__=x',
  '__proto__[limit]=1',
  'constructor=y',
  'limit[]=5',
  'Limit=5',
]
const RUBBISH = [
  'x=%00',
  '%ff=%ff',
  '=',
  '&&&',
  '%zz',
  'hasOwnProperty=1',
  'toString',
  'x=1&x=2',
  '%F0%9F%92%A9=1',
]
const IGNORED = [...UNKNOWN, ...RUBBISH]

for (const path of ['/api/v1/volume', '/api/v1/score', '/api/v1/media/latest']) {
  shareOneEntry(`${path} with unknown parameters`, [
    `${path}?limit=3`,
    ...IGNORED.flatMap((extra): string[] => [`${path}?limit=3&${extra}`, `${path}?${extra}&limit=3`]),
  ])
  shareOneEntry(`${path} in other orders and encodings`, [
    `${path}?limit=4&order=asc&from=2000-01-01&count=exact`,
    `${path}?count=exact&from=2000-01-01&order=asc&limit=4`,
    `${path}?%6Cimit=%34&order=%61sc&from=2000%2D01-01&count=exact`,
    `${path}?limit=4&order=asc&from=2000-01-01&count=exact&`,
  ])
  shareOneEntry(`${path} with defaults written out`, [
    path,
    `${path}?limit=20`,
    `${path}?order=desc&limit=20`,
    `${path}?`,
  ])
}

shareOneEntry('an escaped path', ['/api/v1/media/latest?limit=7', '/api/v1/m%65dia/l%61test?limit=7'])
shareOneEntry('the default symbol', [
  '/api/v1/volume?limit=9',
  '/api/v1/volume?limit=9&symbol=^GSPC',
  '/api/v1/volume?symbol=%5EGSPC&limit=9',
  '/api/v1/volume?symbol=%5eGSPC&limit=9',
])
shareOneEntry('the default days', ['/api/v1/volume/latest', '/api/v1/volume/latest?days=30&x=1'])
shareOneEntry('an article', ['/api/v1/media/1', '/api/v1/media/1?limit=x', '/api/v1/media/%31'])
shareOneEntry('sources', ['/api/v1/media/sources', '/api/v1/media/sources?limit=x&__proto__=1'])
shareOneEntry('the same moment', [
  '/api/v1/media/latest?from=2020-04-02&to=2020-04-03',
  '/api/v1/media/latest?from=2020-04-02T00:00:00Z&to=2020-04-03T23:59:59.999999Z',
  '/api/v1/media/latest?from=2020-04-02t00:00:00.000z&to=2020-04-03',
  '/api/v1/media/latest?from=2020-04-02T02:00:00%2B02:00&to=2020-04-03T22:59:59.999999-01:00',
])

t.test('what differs does not share', async (t) => {
  const paths = ['limit=11', 'limit=11&offset=0', 'limit=11&count=exact', 'limit=11&order=asc', 'limit=12']
  const keys = [...paths, 'limit=11&from=2020-04-01', 'limit=11&to=2020-04-01', 'limit=11&source=quay-post']
  for (const query of keys) {
    const { headers } = await send(service, `/api/v1/media/latest?${query}`)
    t.equal(headers['x-cache'], 'MISS', query)
  }
})

t.test('HEAD shares the entry of GET', async (t) => {
  const get = await send(service, '/api/v1/volume?limit=13')
  const head = await send(service, '/api/v1/volume?limit=13', { method: 'HEAD' })
  t.strictSame([head.status, head.body, head.headers['x-cache']], [200, '', 'HIT'])
  for (const name of ['etag', 'link', 'content-type', 'content-length', 'cache-control', 'vary'] as const)
    t.equal(head.headers[name], get.headers[name], name)
})
