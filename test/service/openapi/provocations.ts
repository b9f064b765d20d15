// A request for every problem in the catalogue, on services in the state that it takes.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { crc32 } from 'node:zlib'
import type { Test } from 'tap'
import { openPool } from '../../../src/db/client.ts'
import type { ProblemCode } from '../../../src/problems.ts'
import { analyserFaults } from './analyser-faults.ts'
import { getJson, send, startFilledDatabase, type RawAnswer, type RawRequest } from '../../support/http.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'

const KEY = 'a-key-that-only-reads-statistics'

type Provoke = () => Promise<RawAnswer>

/** Services start with this call and end with the test. */
export async function provocations(t: Test): Promise<Record<ProblemCode, Provoke>> {
  const url = await startFilledDatabase(t)
  const open = await startService(t, { DATABASE_URL: url })
  const keyed = await startService(t, {
    DATABASE_URL: url,
    API_KEYS: `dashboard:stats:${createHash('sha256').update(KEY).digest('hex')}`,
  })
  const get = (path: string, request: RawRequest = {}, service: TestService = open): Provoke => {
    return () => send(service, path, request)
  }
  const cursor = await cursorOf(open, '/api/v1/media/latest?limit=1')
  const page = (query: string) => get(`/api/v1/media/latest?${query}`)
  const json = { 'content-type': 'application/json' }
  return {
    ...analyserFaults(t, url),
    invalid_parameter: get('/api/v1/volume?limit=0&from=2020-02-30'),
    invalid_body: get('/api/admin/cache/clear', {
      method: 'POST',
      headers: json,
      body: '{"patern":"volume:*"}',
    }),
    malformed_request: get('/api/v1/media/%zz'),
    pagination_conflict: page(`cursor=${cursor}&offset=0`),
    offset_too_large: page('offset=100001'),
    cursor_malformed: page('cursor=newest'),
    cursor_damaged: page(`cursor=${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`),
    cursor_version: page(`cursor=${otherVersion(cursor)}`),
    cursor_route: get(`/api/v1/score?cursor=${cursor}`),
    cursor_order: page(`order=asc&cursor=${cursor}`),
    cursor_filters: page(`source=quay-post&cursor=${cursor}`),
    cursor_unknown_id: page('cursor=999999999'),
    key_required: get('/cache/stats', {}, keyed),
    key_invalid: get('/cache/stats', { headers: { 'x-api-key': 'no-such-key' } }, keyed),
    scope_missing: get('/cache/clear', { method: 'DELETE', headers: { 'x-api-key': KEY } }, keyed),
    protected_mode: get('/cache/clear', { method: 'DELETE', headers: { 'x-forwarded-for': '192.0.2.1' } }),
    route_not_found: get('/api/v1/volumes'),
    unknown_symbol: get('/api/v1/volume?symbol=NONE'),
    unknown_source: page('source=nobody'),
    unknown_article: get('/api/v1/media/999999999'),
    unknown_clear: get('/cache/clears/999999999'),
    unknown_entry: get('/cache/entries?key=volume%3Anothing'),
    analysis_unknown: get(`/api/v1/analyses/${'0'.repeat(64)}`),
    not_cached: get('/api/v1/analyses', {
      method: 'POST',
      headers: { ...json, 'cache-control': 'only-if-cached' },
      body: '{"text":"never seen"}',
    }),
    no_score: get('/api/v1/score/latest?symbol=TINY'),
    method_not_allowed: get('/api/v1/volume', { method: 'POST' }),
    request_timeout: async () => {
      const limits = { HEADERS_TIMEOUT_MS: '200', REQUEST_TIMEOUT_MS: '500' }
      return neverFinished(await startService(t, { DATABASE_URL: url, ...limits }))
    },
    source_in_use: get('/api/v1/media/sources/quay-post', { method: 'DELETE' }),
    instrument_in_use: get('/api/v1/instruments/TINY', { method: 'DELETE' }),
    clear_too_large: async () => {
      await send(open, '/api/v1/volume?limit=1')
      return send(open, '/cache/clear?pattern=volume%3A*&max=0', { method: 'DELETE' })
    },
    precondition_failed: get('/api/v1/media/sources/nobody', {
      method: 'PUT',
      headers: { ...json, 'if-match': '*' },
      body: '{"name":"Nobody"}',
    }),
    body_too_large: get('/api/admin/cache/clear', {
      method: 'POST',
      headers: json,
      body: ' '.repeat(70_000),
    }),
    query_too_long: get(`/api/v1/volume?symbol=${'x'.repeat(5000)}`),
    unsupported_media_type: get('/api/admin/cache/clear', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'volume:*',
    }),
    expectation_failed: get('/api/v1/volume', { headers: { expect: 'a-miracle' } }),
    rows_rejected: get('/api/v1/ingest/articles?on_error=abort', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '{"source":"harbor-wire","title":"A title","url":"nowhere","published_at":"2020-04-17"}\n',
    }),
    too_many_failed_keys: async () => {
      for (let tries = 0; tries < 50; tries += 1) {
        const answer = await send(keyed, '/cache/stats', { headers: { 'x-api-key': `guess-${tries}` } })
        if (answer.status === 429) return answer
      }
      throw new Error('nobody minds 50 wrong keys')
    },
    headers_too_large: get('/api/v1/volume', { headers: { 'x-long': 'x'.repeat(20_000) } }),
    internal_error: async () => {
      const broken = await startFilledDatabase(t)
      const service = await startService(t, { DATABASE_URL: broken })
      const pool = openPool(broken, { max: 1 })
      await pool`alter table media_sources rename column name to title`
      await pool.end()
      return send(service, '/api/v1/media/sources')
    },
    not_collecting: get('/api/v1/scheduler/trigger', { method: 'POST' }),
    overloaded: async () => {
      const service = await startService(t, { DATABASE_URL: url, PRESSURE_MAX_EVENT_LOOP_DELAY_MS: '100' })
      for (let tries = 0; tries < 20; tries += 1) {
        const until = performance.now() + 500
        while (performance.now() < until);
        const answer = await send(service, '/api/v1/volume')
        if (answer.status === 503) return answer
      }
      throw new Error('nobody minds an event loop that stands still for seconds')
    },
    dashboard_busy: async () => {
      const service = await startService(t, { DATABASE_URL: url, DASHBOARD_MAX_CLIENTS: '0' })
      return send(service, '/api/v1/dashboard/events')
    },
    ingestion_busy: async () => {
      const path = '/api/v1/ingest/articles'
      const begun = [1, 2].map(() => {
        const options = { path, method: 'POST', headers: { 'content-type': 'text/csv' } }
        const sent = request(open.url, options).on('error', () => undefined)
        sent.flushHeaders()
        return sent
      })
      try {
        for (;;) {
          const answer = await send(open, path, { method: 'POST', headers: json, body: '[]' })
          if (answer.status === 503) return answer
        }
      } finally {
        for (const sent of begun) sent.destroy()
      }
    },
    shared_cache_unavailable: async () => {
      const redis = await startRedis(t)
      const service = await startService(t, { DATABASE_URL: url, REDIS_URL: redis.url })
      await redis.kill()
      return send(service, '/cache/clear?pattern=volume%3A*&max=10', { method: 'DELETE' })
    },
    database_unavailable: async () => {
      const postgres = await startPostgres(t)
      const service = await startService(t, { DATABASE_URL: await createDatabase(postgres) })
      await postgres.kill()
      return send(service, '/api/v1/volume')
    },
  }
}

async function cursorOf(service: TestService, path: string): Promise<string> {
  return (await getJson<{ pagination: { next_cursor: string } }>(service, path)).pagination.next_cursor
}

/** The same cursor as another version of the service would have made it: the fifth byte is the version, the first four check the rest. */
function otherVersion(cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url')
  bytes.writeUInt8(bytes.readUInt8(4) + 1, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(4)))
  return bytes.toString('base64url')
}

/** A request whose headers never end. */
async function neverFinished({ url }: TestService): Promise<RawAnswer> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  socket.write('GET /api/v1/volume HTTP/1.1\r\nhost: localhost\r\n')
  await once(socket, 'close')
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [status = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ])
  return {
    status: Number(status.split(' ')[1]),
    headers: Object.fromEntries(headers) as RawAnswer['headers'],
    body,
  }
}
