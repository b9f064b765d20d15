// Clearing with care over HTTP: counted before, refused where it is more than expected, noted with its reason, and looked up afterwards.
import t, { type Test } from 'tap'
import { countSelected } from '../../../src/cache/counting.ts'
import { MemoryTier } from '../../../src/cache/memory.ts'
import { SYSTEM_TIME } from '../../../src/time/time.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { sharedRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { PATIENT_REDIS, startService, type TestService } from '../../support/service.ts'
import { POLICY } from '../../support/life.ts'
import { until } from '../../support/until.ts'

const BODY = { body: Buffer.from('{}') }
const KEYS = ['media:a', 'media:b', 'media:c', 'volume:a']

const postgres = await sharedPostgres(t)
const redis = await sharedRedis(t)
const database = await createDatabase(postgres)

interface Answer {
  code?: string
  detail?: string
  deleted?: number
  seq?: number | null
  count?: number
  complete?: boolean
  sample?: string[]
  dry_run?: boolean
  message?: string
  errors?: object[]
}

interface Clear {
  seq: number
  actor: string
  reason: string | null
  deleted: number | null
  completed_at: string | null
  took_ms: number | null
  instances: { confirmed: number; confirmed_by: string[]; expired: string[] } | null
}

/** Filled: `media:a` in memory only, `media:b` in Redis only, the others in both. */
async function begin(t: Test, settings: Record<string, string> = {}): Promise<TestService> {
  await redis.client.flushall()
  const service = await startService(t, {
    ...{ DATABASE_URL: database, REDIS_URL: redis.url },
    ...PATIENT_REDIS,
    ...settings,
  })
  for (const key of KEYS) await service.app.cache.set(key, POLICY, BODY)
  await redis.client.del('barometer:v2:media:a')
  await redis.client.rename('barometer:v2:media:b', 'kept')
  await service.app.cache.delete('media:b', 'test')
  await redis.client.rename('kept', 'barometer:v2:media:b')
  return service
}

/** The three addresses take the same. */
const WAYS: ((query: Record<string, string | number | boolean>) => object)[] = [
  (query) => ({ method: 'DELETE', url: `/cache/clear?${search(query)}` }),
  (query) => ({ method: 'DELETE', url: `/api/v1/media/cache/clear?${search(query)}` }),
  (query) => ({ method: 'POST', url: '/api/admin/cache/clear', payload: query }),
]

function search(query: Record<string, string | number | boolean>): string {
  const texts = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])
  return new URLSearchParams(texts).toString()
}

async function send({ app }: TestService, request: object): Promise<[number, Answer]> {
  const response = await app.inject(request)
  return [response.statusCode, response.json<Answer>()]
}

function clear(
  service: TestService,
  query: Record<string, string | number | boolean>,
): Promise<[number, Answer]> {
  return send(service, WAYS[0]!(query))
}

async function clears(service: TestService, query = ''): Promise<Clear[]> {
  return ((await (await service.get(`/cache/clears${query}`)).json()) as { data: Clear[] }).data
}

async function state(service: TestService): Promise<[redis: number, memory: number, clears: number]> {
  const noted = await service.database.pool`select 1 from cache_clears`
  return [await redis.client.dbsize(), (await service.app.cache.stats()).memory_cache_size, noted.length]
}

t.test('a dry run says how many and which, at every address, and clears nothing', async (t) => {
  const service = await begin(t)
  const before = await state(service)
  for (const way of WAYS) {
    const response = await service.app.inject(way({ pattern: 'media:*', dry_run: true }))
    t.equal(response.headers['cache-control'], 'no-store')
    t.strictSame(
      [response.statusCode, response.json<Answer>()],
      [
        200,
        {
          success: true,
          dry_run: true,
          deleted: 0,
          pattern: 'media:*',
          message: 'nothing was cleared; 3 keys would be deleted',
          count: 3,
          complete: true,
          sample: ['media:a', 'media:b', 'media:c'],
        },
      ],
    )
  }
  t.match(await clear(service, { dry_run: true }), [200, { count: 4, pattern: '*' }], 'everything of ours')
  t.match(await clear(service, { key: 'media:b', dry_run: true }), [200, { count: 1, sample: ['media:b'] }])
  t.match(await clear(service, { key: 'media:*', dry_run: true }), [200, { count: 0, sample: [] }])
  t.strictSame(await state(service), before)
  t.match(await clear(service, { pattern: 'media:*', dry_run: false }), [200, { deleted: 3 }], 'as it said')
})

t.test('the sample of many keys is short', async (t) => {
  const service = await begin(t)
  const pipeline = redis.client.pipeline()
  for (let index = 0; index < 3000; index++) pipeline.set(`barometer:v2:score:${index}`, 'x')
  for (let index = 0; index < 1000; index++) pipeline.set(`session:${index}`, 'x')
  await pipeline.exec()
  const [, { count, sample }] = await clear(service, { pattern: 'score:*', dry_run: true })
  t.strictSame([count, sample?.length], [3000, 20])
})

t.test('max lets through what is no more, and refuses the rest with the count', async (t) => {
  for (const way of WAYS) {
    const service = await begin(t)
    const before = await state(service)
    const [status, answer] = await send(service, way({ pattern: 'media:*', max: 2 }))
    t.match(
      [status, answer],
      [
        409,
        {
          code: 'clear_too_large',
          detail: 'it would delete 3 keys, and max is 2; nothing was cleared',
          errors: [{ parameter: 'max', detail: 'is 2, and the clear selects 3 keys' }],
        },
      ],
    )
    t.strictSame(await state(service), before, 'nothing cleared, nothing in the log')
    t.match(await send(service, way({ pattern: 'media:*', max: 2, dry_run: true })), [409, {}])
    t.match(await send(service, way({ pattern: 'media:*', max: 3 })), [200, { deleted: 3 }])
  }
})

t.test('counting ends at its limit, and says so', async (t) => {
  const time = SYSTEM_TIME
  const memory = new MemoryTier(1_000_000)
  let batches = 0
  const find = (_selector: object, found: (keys: string[]) => boolean): Promise<boolean> => {
    for (;;) if (!found([`a${batches++}`, `b${batches}`])) return Promise.resolve(false)
  }
  const endless = { find } as never
  const selector = { kind: 'pattern', selector: '*' } as const
  t.match(await countSelected(selector, { memory, redis: endless, time, mostCounted: 9 }), {
    count: 10,
    complete: false,
  })
  t.equal(batches, 5)
  let now = 0
  const clock = { ...time, clock: () => (now += 1000) }
  t.match(
    await countSelected(selector, { memory, redis: endless, time: clock }),
    { complete: false },
    'after 5 s',
  )
})

t.test('by tag nothing is deleted, so there is nothing for max to be held to', async (t) => {
  const service = await begin(t)
  const tagged = { ...POLICY, tags: ['dataset:media', 'source:one'] }
  await service.app.cache.set('media:tagged', tagged, BODY)
  t.match(await clear(service, { tag: 'source:one', max: 5 }), [
    400,
    { code: 'invalid_parameter', errors: [{ parameter: 'max' }] },
  ])
  t.match(await clear(service, { tag: 'source:one', dry_run: true }), [
    200,
    { count: 1, complete: false, sample: ['media:tagged'], message: /Redis is not searched for tags/ },
  ])
  t.match(await clear(service, { tag: 'source:one', reason: 'a test' }), [200, { deleted: 0 }])
  await until('its outcome', async () => (await clears(service))[0]?.completed_at !== null)
  t.match(await clears(service, '?limit=1'), [
    { kind: 'tag', selector: 'source:one', deleted: null, reason: 'a test' },
  ])
})

t.test('what cannot be meant is refused by name, and clears nothing', async (t) => {
  const service = await begin(t)
  const before = await state(service)
  const wrong: [name: string, value: string][] = [
    ['dry_run', '1'],
    ['dry_run', 'yes'],
    ['max', '-1'],
    ['max', '1e3'],
    ['max', '250001'],
    ['reason', '   '],
    ['reason', 'x'.repeat(201)],
    ['reason', 'two\nlines'],
    ['reason', 'two\u2028lines'],
    ['reason', 'a\u202eb'],
    ['reason', '\u001b[31m'],
  ]
  for (const [name, value] of wrong) {
    for (const way of WAYS) {
      const [status, answer] = await send(service, way({ pattern: 'media:*', [name]: value }))
      t.match(
        [status, answer],
        [400, { errors: [{ parameter: name }] }],
        `${name} ${encodeURIComponent(value)}`,
      )
    }
  }
  for (const payload of [
    '{"max":"3"}',
    '{"dry_run":"true"}',
    '{"reason":5}',
    '{"reason":"\\ud800"}',
    '{"max":1.5}',
  ]) {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', url: '/api/admin/cache/clear', headers, payload }
    t.match(await send(service, request), [400, {}], payload)
  }
  t.strictSame(await state(service), before)
})

t.test(
  'who, what, when, why, how many, how long and who confirmed are in the list, and in the log',
  async (t) => {
    const service = await begin(t)
    const [, { seq }] = await clear(service, {
      pattern: 'media:*',
      reason: 'rows of 17 October were wrong – réparées',
    })
    await until('its outcome', async () => (await clears(service, '?limit=1'))[0]?.completed_at !== null)
    const response = await service.get('/cache/clears?limit=1')
    t.equal(response.headers.get('cache-control'), 'no-store')
    t.match(response.headers.get('link'), /rel="next"/)
    const { data } = (await response.json()) as { data: Clear[] }
    t.match(data, [
      {
        seq,
        kind: 'pattern',
        selector: 'media:*',
        soft: false,
        actor: 'loopback',
        reason: 'rows of 17 October were wrong – réparées',
        cleared_at: /^\d{4}-\d\d-\d\dT.*Z$/,
        completed_at: /^\d{4}-\d\d-\d\dT.*Z$/,
        took_ms: Number,
        deleted: 3,
        instances: { confirmed: 1, confirmed_by: [/^.+\/\d+$/], expired: [] },
      },
    ])
    t.strictSame(await (await service.get(`/cache/clears/${seq}`)).json(), data[0])
    t.match(
      service.log.filter(({ msg }) => msg === 'cache cleared'),
      [
        {
          level: 30,
          seq,
          kind: 'pattern',
          selector: 'media:*',
          deleted: 3,
          actor: 'loopback',
          reason: /réparées/,
          confirmed: [/\//],
          expired: [],
          ms: Number,
        },
      ],
      'one line a clear',
    )
  },
)

t.test('the list pages both ways, and filters by who and by how', async (t) => {
  const service = await begin(t)
  const pool = service.database.pool
  await pool`truncate cache_clears`
  await pool`
    insert into cache_clears (seq, kind, selector, soft, actor)
    select n, 'tag', 'dataset:media', n % 2 = 0, case n % 3 when 0 then 'data' else 'deploy' end
    from generate_series(1, 30) n`
  const seqs = async (query: string) => (await clears(service, query)).map(({ seq }) => seq)
  t.strictSame(await seqs('?limit=3'), [30, 29, 28])
  t.strictSame(await seqs('?limit=3&offset=2&order=asc'), [3, 4, 5])
  t.strictSame(await seqs('?limit=3&actor=data'), [30, 27, 24])
  t.strictSame(await seqs('?limit=3&soft=false'), [29, 27, 25])
  t.strictSame(await seqs('?limit=3&soft=true&actor=deploy'), [28, 26, 22])
  t.strictSame(await seqs('?actor=nobody'), [])
  for (const filter of ['', '&actor=deploy', '&soft=true', '&actor=data&soft=false']) {
    const whole = await seqs(`?limit=500${filter}`)
    const walked: number[] = []
    let cursor = ''
    do {
      const answer = (await (await service.get(`/cache/clears?limit=4${filter}${cursor}`)).json()) as {
        data: Clear[]
        pagination: { next_cursor: string | null }
      }
      walked.push(...answer.data.map(({ seq }) => seq))
      const next = answer.pagination.next_cursor
      cursor = next === null ? '' : `&cursor=${next}`
    } while (cursor !== '')
    t.strictSame(walked, whole, filter)
  }
  t.match(await clears(service, '?limit=1'), [
    { reason: null, completed_at: null, took_ms: null, deleted: null, instances: null },
  ])
  for (const query of ['limit=0', 'soft=1', 'cursor=x', 'offset=1&cursor=x', 'actor='])
    t.equal((await service.get(`/cache/clears?${query}`)).status, 400, query)
  t.equal((await service.get('/cache/clears/31')).status, 404)
  for (const seq of ['0', 'x', '-1', '1.5', '99999999999999999999'])
    t.equal((await service.get(`/cache/clears/${seq}`)).status, 400, seq)
})

t.test('a clear neither fails nor waits because its outcome cannot be noted', async (t) => {
  const service = await begin(t)
  const { pool } = service.database
  await pool`create function stall() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return new; end $$`
  await pool`create trigger stall before update on cache_clears for each row execute function stall()`
  const couldNotNote = (): boolean =>
    service.log.some(({ msg, level }) => level === 40 && msg.includes('could not be noted'))
  const [status, { seq }] = await clear(service, { pattern: 'media:*' })
  t.equal(status, 200)
  t.equal(couldNotNote(), false, 'before the note is given up')
  const [, { seq: next }] = await clear(service, { pattern: 'media:*' })
  t.equal(next, (seq ?? 0) + 1, 'nor does the next one wait')
  await until('the log to say so', couldNotNote)
  await pool`drop function stall cascade`
  t.match(await (await service.get(`/cache/clears/${seq}`)).json(), { completed_at: null, deleted: null })
})
