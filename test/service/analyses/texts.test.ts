// Texts: analysed once, answered from what is kept, looked up and deleted by hash.
import t from 'tap'
import { isProblem, send, startFilledDatabase } from '../../support/http.ts'
import { startService } from '../../support/service.ts'

const service = await startService(t, { DATABASE_URL: await startFilledDatabase(t) })
const JSON_TYPE = { 'content-type': 'application/json' }
const analyse = (body: object, headers: Record<string, string> = {}) =>
  send(service, '/api/v1/analyses', {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  })

t.test(
  'with nothing configured, a text is analysed by the lexicon, and a second time it is there',
  async (t) => {
    const first = await analyse({ text: 'Shares rally after strong earnings' })
    t.equal(first.status, 200, first.body)
    t.equal(first.headers['x-cache'], 'MISS')
    const second = await analyse({ text: '  Shares rally\u200b after   strong earnings\r\n' })
    t.equal(second.headers['x-cache'], 'HIT')
    t.equal(second.body, first.body)
    const { hash } = JSON.parse(first.body) as { hash: string }
    const found = await send(service, `/api/v1/analyses/${hash}`)
    t.strictSame([found.status, found.headers['x-cache'], found.body], [200, 'HIT', first.body])
    const removed = await send(service, `/api/v1/analyses/${hash}`, { method: 'DELETE' })
    t.match(JSON.parse(removed.body), { deleted: 1, receipt: { scope: 'fleet', pending: false } })
    isProblem(t, await send(service, `/api/v1/analyses/${hash}`), 'analysis_unknown')
  },
)
