// `doctor` against a Redis that is down, hung, or of another password.
import t from 'tap'
import { runDoctor } from '../../../src/cli/doctor/index.ts'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import { createDatabase } from '../../support/databases.ts'

interface Finding {
  check: string
  level: string
  says: string
  advice?: string
  steps?: { step: string; result: string; ms: number }[]
}

const LIMITED = ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru']
const database = await createDatabase(await sharedPostgres(t))
const PORT = String(await freePort())

interface Examined {
  code: number | null
  findings: Finding[]
  of: (check: string) => Finding | undefined
}

/** In this process: a start of the command costs more than all it looks at. */
async function examine(environment: Record<string, string>): Promise<Examined> {
  let findings: Finding[] = []
  const code = await runDoctor({ DATABASE_URL: database, PORT, ...environment }, undefined, (value) => {
    findings = (value as { findings: Finding[] }).findings
  })
  return { code, findings, of: (check) => findings.find((finding) => finding.check === check) }
}

t.test('Redis down, hung, or of another password', async (t) => {
  const down = await examine({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  t.match(
    [down.code, down.of('redis')],
    [5, { level: 'problem', says: /ECONNREFUSED/, advice: /start Redis/ }],
  )
  const redis = await startRedis(t, { password: 'the right one', args: LIMITED })
  const none = await examine({ REDIS_URL: redis.url })
  t.match(none.of('redis'), { level: 'problem', says: /NOAUTH/, advice: /REDIS_PASSWORD/ })
  const wrong = await examine({ REDIS_URL: redis.url, REDIS_PASSWORD: 'a wrong one' })
  t.match(wrong.of('redis'), {
    level: 'problem',
    says: /WRONGPASS|invalid/,
    advice: /correct user and password/,
  })
  const right = await examine({ REDIS_URL: redis.url, REDIS_PASSWORD: 'the right one' })
  t.match(right.of('redis round trip'), { level: 'ok' })
  redis.pause()
  const hung = await examine({ REDIS_URL: redis.url, REDIS_CONNECT_TIMEOUT_MS: '500' })
  t.match([hung.code, hung.of('redis')], [5, { level: 'problem' }])
  redis.resume()
})
