// Wrong keys over HTTP: too many from one client get 429, and nobody else notices.
import t from 'tap'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService, type TestService } from '../../support/service.ts'
import { apiKeys } from '../../support/api-keys.ts'
import { isProblem, send, type RawAnswer } from '../../support/http.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const API_KEYS = apiKeys({ watcher: 'stats', operator: 'ops' })
const STATS = '/cache/stats'
const LIMIT = 10

const ask = (service: TestService, key: string | null, address = '192.0.2.1'): Promise<RawAnswer> =>
  send(service, STATS, {
    headers: { 'x-forwarded-for': address, ...(key === null ? {} : { 'x-api-key': key }) },
  })
const behindProxy = () => startService(t, { DATABASE_URL, API_KEYS, TRUST_PROXY: 'true' })
async function failTimes(service: TestService, times: number, address?: string): Promise<RawAnswer[]> {
  const answers: RawAnswer[] = []
  for (let time = 0; time < times; time++) answers.push(await ask(service, `wrong${time}`, address))
  return answers
}

t.test('after ten wrong keys a client is told to wait, and one line says so', async (t) => {
  const service = await behindProxy()
  for (const answer of await failTimes(service, LIMIT)) isProblem(t, answer, 'key_invalid')
  for (const answer of await failTimes(service, 3)) {
    isProblem(t, answer, 'too_many_failed_keys')
    const seconds = Number(answer.headers['retry-after'])
    t.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`)
  }
  const warnings = service.log.filter((line) => line.level >= 40)
  t.match(warnings, [{ level: 40, client: '192.0.2.1', unlogged: 0 }])
  t.equal(warnings.length, 1)
  t.notMatch(JSON.stringify(service.log), /wrong\d/, 'what was sent is not logged')
})

t.test('a right key is let in, from that address and from others', async (t) => {
  const service = await behindProxy()
  await failTimes(service, LIMIT + 1)
  t.equal((await ask(service, 'watcher')).status, 200, 'ops shares the address with whoever it is')
  t.equal((await ask(service, 'watcher', '192.0.2.2')).status, 200)
  isProblem(t, await ask(service, 'wrong', '192.0.2.2'), 'key_invalid')
  isProblem(
    t,
    await ask(service, 'wrong'),
    'too_many_failed_keys',
    [],
    'a right one in between resets nothing',
  )
})

t.test('no key, and a right one without the scope, do not count', async (t) => {
  const service = await behindProxy()
  for (let time = 0; time < 2 * LIMIT; time++) {
    isProblem(t, await ask(service, null), 'key_required')
    isProblem(t, await ask(service, 'operator'), 'scope_missing')
    t.equal((await send(service, '/api/v1/media/sources', { headers: { 'x-api-key': 'wrong' } })).status, 200)
  }
  isProblem(t, await ask(service, 'wrong'), 'key_invalid')
})

t.test(
  'an IPv6 client counts by its /64, an IPv4-mapped one as IPv4, and what is no address as one',
  async (t) => {
    const service = await behindProxy()
    for (let host = 1; host <= LIMIT; host++) await failTimes(service, 1, `2001:db8::${host.toString(16)}`)
    isProblem(t, await ask(service, 'wrong', '2001:db8::ffff:0:0:1'), 'too_many_failed_keys')
    isProblem(t, await ask(service, 'wrong', '2001:db8:0:1::1'), 'key_invalid')
    await failTimes(service, LIMIT, '::ffff:198.51.100.1')
    isProblem(t, await ask(service, 'wrong', '198.51.100.1'), 'too_many_failed_keys')
    for (let name = 0; name < LIMIT; name++) await failTimes(service, 1, `client-${name}`)
    isProblem(t, await ask(service, 'wrong', 'x'.repeat(5000)), 'too_many_failed_keys')
  },
)

t.test('without TRUST_PROXY nobody chooses the address that is counted', async (t) => {
  const service = await startService(t, { DATABASE_URL, API_KEYS })
  for (let host = 1; host <= LIMIT; host++) await failTimes(service, 1, `192.0.2.${host}`)
  isProblem(t, await ask(service, 'wrong', '192.0.2.99'), 'too_many_failed_keys')
  t.match(service.log.at(-1), { level: 40, client: '127.0.0.1' })
})
