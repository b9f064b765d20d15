// Several requests sent at once on one connection are answered in their order, also where one of them is broken.
import t from 'tap'
import { startService } from '../../support/service.ts'
import { exchange, outcomes } from '../../support/raw.ts'
import { startFilledDatabase } from '../../support/http.ts'

const service = await startService(t, { DATABASE_URL: await startFilledDatabase(t) })
let fresh = 0
/** One that has to be loaded, so that what follows is there before its answer is. */
const slow = (): string => `GET /api/v1/volume?limit=${++fresh} HTTP/1.1\r\nhost: localhost\r\n\r\n`
const GARBAGE = 'no such thing\r\n\r\n'

t.test('answers come in the order of requests', async (t) => {
  const missing = 'GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n'
  const last = 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'
  t.strictSame(outcomes(await exchange(service, slow() + missing + slow() + last)), [
    '200',
    '404 route_not_found',
    '200',
    '200',
  ])
})

t.test('a broken one is answered after those before it, and ends the connection', async (t) => {
  t.strictSame(outcomes(await exchange(service, GARBAGE + slow())), ['400 malformed_request'])
  t.strictSame(outcomes(await exchange(service, slow() + GARBAGE)), ['200', '400 malformed_request'])
  t.strictSame(outcomes(await exchange(service, slow() + slow() + GARBAGE + slow())), [
    '200',
    '200',
    '400 malformed_request',
  ])
})

t.test('a body that breaks off is answered for itself', async (t) => {
  const body = 'POST /api/admin/cache/clear HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
  const chunked = `${body}transfer-encoding: chunked\r\n\r\nzz\r\n`
  t.strictSame(outcomes(await exchange(service, chunked)), ['400 malformed_request'])
})
