// Bad input: each parameter is refused by name before anything is looked up, loaded or stored.
import { crc32 } from 'node:zlib'
import t, { type Test } from 'tap'
import { PROBLEMS, type ProblemCode } from '../../../src/problems.ts'
import { startService, type TestService } from '../../support/service.ts'
import { detailOf, isProblem, send, startFilledDatabase } from '../../support/http.ts'

const url = await startFilledDatabase(t)
const service = await startService(t, { DATABASE_URL: url, MAX_OFFSET: '50' })

const LISTS = ['/api/v1/volume', '/api/v1/score', '/api/v1/media/latest'] as const
const NUMBERS = ['0', '501', '-1', '1e1', '0x10', '5.0', '5,0', '05', '+5', '%205', '5%20', 'NaN', 'Infinity']
const HUGE = '9'.repeat(400)

type Case = [query: string, code: ProblemCode, ...parameters: string[]]

const badParameter = (parameter: string, ...values: string[]): Case[] =>
  values.map((value) => [`${parameter}=${value}`, 'invalid_parameter', parameter])

/** What no parameter takes, whatever it means. */
const neverTaken = (parameter: string, valid: string): Case[] => [
  ...badParameter(
    parameter,
    '',
    '%00',
    `${valid}%00`,
    '%0a',
    '%7f',
    '%ff',
    '%c3%28',
    '%ed%a0%80',
    '%ef%bf%bd',
  ),
  [`${parameter}=${valid}&${parameter}=${valid}`, 'invalid_parameter', parameter],
  [`${parameter}=${valid}&${parameter}=`, 'invalid_parameter', parameter],
]

const EVERY_LIST: Case[] = [
  ...badParameter('limit', ...NUMBERS, HUGE, '%D9%A5'),
  ...badParameter('offset', ...NUMBERS.filter((text) => text !== '0' && text !== '501'), '-0', HUGE),
  ['offset=51', 'offset_too_large', 'offset'],
  ['offset=9007199254740993', 'offset_too_large', 'offset'],
  ['offset=99999999999999999999999', 'offset_too_large', 'offset'],
  ['offset=0&cursor=AAAA', 'pagination_conflict', 'offset', 'cursor'],
  ['offset=51&cursor=AAAA', 'pagination_conflict', 'offset', 'cursor'],
  ...badParameter('order', 'up', 'DESC', 'asc,desc', '__proto__', 'constructor'),
  ...badParameter('count', 'true', 'EXACT', '1', 'toString'),
  ...badParameter(
    'from',
    '2020-02-30',
    '2019-02-29',
    '2020-13-01',
    '2020-1-1',
    '0000-01-01',
    'yesterday',
    HUGE,
  ),
  ...badParameter('to', '2020-04-31', '20200401', '12020-01-01', 'infinity', '2020-04-01T24:00:00Z'),
  ['from=2020-01-02&to=2020-01-01', 'invalid_parameter', 'from'],
  ['from=x&to=y', 'invalid_parameter', 'from', 'to'],
  ['cursor=AAAA', 'cursor_malformed', 'cursor'],
  ['cursor=%21%21', 'cursor_malformed', 'cursor'],
  [`cursor=${'A'.repeat(513)}`, 'cursor_malformed', 'cursor'],
  ['limit=&order=up&count=x&offset=-1', 'invalid_parameter', 'limit', 'order', 'offset', 'count'],
  ...neverTaken('limit', '5'),
  ...neverTaken('offset', '5'),
  ...neverTaken('order', 'asc'),
  ...neverTaken('count', 'exact'),
  ...neverTaken('from', '2020-01-01'),
  ...neverTaken('to', '2020-01-01'),
  ...neverTaken('cursor', 'AAAA'),
]

const SYMBOL: Case[] = [
  ...badParameter('symbol', 'a%20b', '%2A', "'", '%27%20or%201=1', 'S'.repeat(33), '%C3%A9'),
  ...neverTaken('symbol', 'TINY'),
  ['symbol=NOPE', 'unknown_symbol'],
  ['symbol=%5Egspc', 'unknown_symbol'],
]

const ROUTES: { path: string; cases: Case[] }[] = [
  { path: LISTS[0], cases: [...EVERY_LIST, ...SYMBOL, ...badParameter('from', '2020-01-01T00:00:00Z')] },
  { path: LISTS[1], cases: [...EVERY_LIST, ...SYMBOL, ...badParameter('to', '2020-01-01T00:00:00Z')] },
  {
    path: LISTS[2],
    cases: [
      ...EVERY_LIST,
      ...neverTaken('source', 'quay-post'),
      ...neverTaken('sentiment', 'neutral'),
      ...badParameter('source', 's'.repeat(65)),
      ...badParameter('sentiment', 'Positive', 'good', 'null'),
      ['source=nope', 'unknown_source'],
      ['source=%25zz%20%27', 'unknown_source'],
      ['source=QUAY-POST', 'unknown_source'],
      ...badParameter(
        'from',
        '2020-04-01T00:00:00',
        '2020-04-01T00:00:00+02:00',
        '2020-04-01T00:00:00.1234567Z',
      ),
      ...badParameter('to', '2020-04-01T00:00:60Z', '2020-04-01%2000:00:00Z', '9999-12-31T23:59:59-01:00'),
      ['from=2020-04-01T00:00:00.000002Z&to=2020-04-01T00:00:00.000001Z', 'invalid_parameter', 'from'],
      ['from=2020-04-01T00:00:00.1Z&to=2020-04-01T00:00:00Z', 'invalid_parameter', 'from'],
      ['cursor=1000000', 'cursor_unknown_id', 'cursor'],
      ['cursor=0', 'cursor_malformed', 'cursor'],
      ['cursor=9223372036854775808', 'cursor_malformed', 'cursor'],
    ],
  },
  {
    path: '/api/v1/volume/latest',
    cases: [
      ...SYMBOL,
      ...badParameter('days', ...NUMBERS, '6', '366', HUGE),
      ...neverTaken('days', '30'),
      ['days=&symbol=%20', 'invalid_parameter', 'symbol', 'days'],
    ],
  },
  {
    path: '/api/v1/score/latest',
    cases: [...SYMBOL, ['symbol=TINY', 'no_score'], ['symbol=EMPTY', 'no_score']],
  },
]

/** Runs requests that must be refused, and asserts that the cache has not taken notice of them. */
async function nothingStored(t: Test, refused: () => Promise<void>): Promise<void> {
  const look = async () => {
    const { memory_cache_size, memory_cache_bytes, hits, misses, loads } = await service.app.cache.stats()
    return { memory_cache_size, memory_cache_bytes, hits, misses, loads }
  }
  const before = await look()
  await refused()
  t.strictSame(await look(), before, 'nothing was looked up, loaded or stored')
}

/** An answer of "there is no such thing" takes a look at the database, and is kept for a moment where that is 404. */
const needsLoad = new Set<ProblemCode>(['unknown_symbol', 'unknown_source', 'no_score', 'cursor_unknown_id'])

for (const { path, cases } of ROUTES) {
  t.test(`${path} refuses by name`, async (t) => {
    await nothingStored(t, async () => {
      for (const [query, code, ...parameters] of cases) {
        if (needsLoad.has(code)) continue
        isProblem(t, await send(service, `${path}?${query}`), code, parameters, query.slice(0, 80))
      }
    })
    const { memory_cache_size: before } = await service.app.cache.stats()
    const kept = cases.filter(([, code]) => needsLoad.has(code) && PROBLEMS[code].status === 404)
    for (const [query, code, ...parameters] of cases) {
      if (!needsLoad.has(code)) continue
      for (const time of ['first', 'second'])
        isProblem(t, await send(service, `${path}?${query}`), code, parameters, `${query}, ${time} time`)
    }
    const { memory_cache_size: after } = await service.app.cache.stats()
    t.ok(after - before <= kept.length, `${after - before} kept of ${kept.length}`)
  })
}

t.test('all that is wrong is named at once, in words that say what is taken', async (t) => {
  const query = 'limit=&order=up&offset=x&cursor=%00&count=1&source=a&source=b&sentiment=x&from=&to=%ff'
  const answer = await send(service, `${LISTS[2]}?${query}`)
  const { errors } = JSON.parse(answer.body) as { errors: { parameter: string; detail: string }[] }
  t.strictSame(Object.fromEntries(errors.map(({ parameter, detail }) => [parameter, detail])), {
    limit: 'must not be empty',
    order: 'must be one of asc, desc',
    offset: 'must be a whole decimal number from 0',
    cursor: 'holds a control character or invalid UTF-8',
    count: 'must be exact',
    source: 'must be given once',
    sentiment: 'must be one of positive, neutral, negative',
    from: 'must not be empty',
    to: 'holds a control character or invalid UTF-8',
  })
  t.equal(detailOf(answer), errors.map(({ parameter, detail }) => `${parameter} ${detail}`).join('; '))
})

t.test('an article that is not one', async (t) => {
  await nothingStored(t, async () => {
    for (const id of ['0', '-1', '1e1', '0x1', '01', '1.0', 'abc', '%00', '9007199254740993', HUGE])
      isProblem(t, await send(service, `/api/v1/media/${id}`), 'invalid_parameter', ['id'], id.slice(0, 80))
  })
  isProblem(t, await send(service, '/api/v1/media/9007199254740991'), 'unknown_article')
})

t.test('cursors: cut, damaged, of another version, route, order or filter', async (t) => {
  const cursors = new Map<string, string>()
  for (const path of LISTS) cursors.set(path, await firstCursor(service, `${path}?limit=2&from=2000-01-01`))
  for (const [path, cursor] of cursors) {
    const at = (token: string, rest = '&from=2000-01-01') => send(service, `${path}?cursor=${token}${rest}`)
    t.equal((await at(cursor)).status, 200)
    await nothingStored(t, async () => {
      const refused = async (token: string, code: ProblemCode, rest?: string) =>
        isProblem(t, await at(token, rest), code, ['cursor'], `${path} ${token.slice(-12)} ${rest ?? ''}`)
      for (const length of [1, 4, 8, cursor.length - 4, cursor.length - 1]) {
        const answer = await at(cursor.slice(0, length))
        t.match(
          JSON.parse(answer.body),
          { status: 400, code: /^cursor_(malformed|damaged)$/ },
          `cut at ${length}`,
        )
      }
      const middle = Math.floor(cursor.length / 2)
      const other = cursor[middle] === 'A' ? 'B' : 'A'
      await refused(cursor.slice(0, middle) + other + cursor.slice(middle + 1), 'cursor_damaged')
      await refused(`${cursor}=`, 'cursor_malformed')
      await refused(otherVersion(cursor), 'cursor_version')
      await refused(cursor, 'cursor_order', '&from=2000-01-01&order=asc')
      await refused(cursor, 'cursor_filters', '')
      await refused(cursor, 'cursor_filters', '&from=2000-01-02')
      for (const [foreign, token] of cursors) if (foreign !== path) await refused(token, 'cursor_route')
    })
  }
  const cursor = await firstCursor(service, `${LISTS[2]}?limit=2&sentiment=positive`)
  const answer = await send(service, `${LISTS[2]}?limit=2&sentiment=negative&cursor=${cursor}`)
  isProblem(t, answer, 'cursor_filters', ['cursor'])
})

t.test('a long query is refused whatever is in it, on any route', async (t) => {
  const filler = 'x'.repeat(10_240)
  await nothingStored(t, async () => {
    for (const path of [
      ...LISTS,
      '/api/v1/media/sources',
      '/api/v1/media/1',
      '/cache/stats',
      '/livez',
      '/nowhere',
    ]) {
      isProblem(t, await send(service, `${path}?limit=5&z=${filler}`), 'query_too_long', ['z'], path)
      isProblem(t, await send(service, `${path}?source=${filler}&b=1`), 'query_too_long', ['source'], path)
    }
    const many = Array.from({ length: 1500 }, (_, index) => `p${index}=1`).join('&')
    isProblem(t, await send(service, `${LISTS[0]}?${many}&long=${'1'.repeat(9)}`), 'query_too_long', ['long'])
    isProblem(t, await send(service, `${LISTS[0]}?${'&'.repeat(10_240)}`), 'query_too_long')
    isProblem(t, await send(service, `${LISTS[0]}?${'='.repeat(10_240)}`), 'query_too_long')
  })
  const many = `${'a&'.repeat(1200)}limit=0`
  isProblem(
    t,
    await send(service, `${LISTS[0]}?${many}`),
    'invalid_parameter',
    ['limit'],
    'none of many is lost',
  )
})

async function firstCursor(service: TestService, path: string): Promise<string> {
  const { pagination } = JSON.parse((await send(service, path)).body) as {
    pagination: { next_cursor: string }
  }
  return pagination.next_cursor
}

/** The same token as the next version would give it out, checksum included. */
function otherVersion(cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url')
  bytes.writeUInt8(bytes.readUInt8(4) + 1, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(4)))
  return bytes.toString('base64url')
}
