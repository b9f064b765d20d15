// What `doctor` says of analyses: the file, keys, whether analysers can be reached, budgets, and the key that seals.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { analysisKey, analysisKeyFile } from '../../../src/analyses/analysis-key.ts'
import { runDoctor } from '../../../src/cli/doctor/index.ts'
import { freePort } from '../../../src/db/embedded/free-port.ts'
import { analysersFile, startAnalyser } from '../../support/analyser.ts'
import { createDatabase } from '../../support/databases.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startService } from '../../support/service.ts'

interface Finding {
  check: string
  level: string
  says: string
  advice?: string
}

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const PORT = String(await freePort())
const analyser = await startAnalyser(t)

/** What it says of one check. */
async function examine(environment: Record<string, string>): Promise<(check: string) => Finding | undefined> {
  let findings: Finding[] = []
  await runDoctor({ PORT, DATA_DIR: '/nowhere', ...environment }, undefined, (value) => {
    findings = (value as { findings: Finding[] }).findings
  })
  return (check) => findings.find((finding) => finding.check === check)
}

t.test('with nothing configured there is the lexicon, and no subject is taken without a key', async (t) => {
  const of = await examine({ DATABASE_URL })
  t.match(of('analysers'), { level: 'note', says: /lexicon alone/ })
  t.match(of('ANALYSIS_KEY'), { level: 'note', says: /subject are refused/, advice: /openssl rand/ })
  const keyed = await examine({ DATABASE_URL, ANALYSIS_KEY: 'ab'.repeat(32) })
  t.match(keyed('ANALYSIS_KEY'), { level: 'ok' })
})

t.test('an analyser is reached without being asked, and its key and budget are looked at', async (t) => {
  const ANALYSERS = await analysersFile(t, analyser.url, { key_env: 'PAID_KEY', daily_budget: '0.004' })
  const asked = { DATABASE_URL, ANALYSERS }
  const without = await examine(asked)
  t.match(without('analyser paid: key'), { level: 'problem', says: 'PAID_KEY is not set' })
  t.match(without('analysers'), { level: 'problem', says: /analyser "paid": key_env names PAID_KEY/ })

  const host = new URL(analyser.url).host
  const all = await examine({ ...asked, PAID_KEY: 'secret' })
  t.match(all('analysers'), {
    level: 'ok',
    says: `${ANALYSERS} is valid: paid, lexicon; the first one is the default`,
  })
  t.match(all('analyser paid: key'), { level: 'ok', says: 'PAID_KEY is set' })
  t.match(all('analyser paid'), { level: 'ok', says: `${host} takes connections` })
  t.match(all('analyser paid: budget'), { level: 'ok', says: '0.00 of 0.004 EUR a day are spent' })
  t.strictSame(analyser.calls, [])

  process.env['PAID_KEY'] = 'secret'
  t.teardown(() => {
    delete process.env['PAID_KEY']
  })
  const service = await startService(t, asked)
  for (const text of ['one', 'two'])
    await fetch(`${service.url}/api/v1/analyses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
    })
  const spent = await examine({ ...asked, PAID_KEY: 'secret' })
  t.match(spent('analyser paid: budget'), { level: 'warning', says: '0.004 of 0.004 EUR a day are spent' })
})

t.test('one that is away, and a file that is none', async (t) => {
  const away = await examine({
    DATABASE_URL,
    ANALYSERS: await analysersFile(t, `http://127.0.0.1:${await freePort()}/`),
  })
  t.match(away('analyser paid'), { level: 'warning', says: /cannot be reached: connect ECONNREFUSED/ })
  // It speaks no TLS.
  const secure = await examine({
    DATABASE_URL,
    ANALYSERS: await analysersFile(t, analyser.url.replace('http:', 'https:')),
  })
  t.match(secure('analyser paid'), {
    level: 'warning',
    says: /cannot be reached: .*(SSL|EPROTO|hang up|disconnected)/i,
  })
  const none = await examine({ DATABASE_URL, ANALYSERS: '/nowhere/analysers.json' })
  t.match(none('analysers'), {
    level: 'problem',
    says: /^ANALYSERS, \/nowhere\/analysers.json: it cannot be read/,
  })
})

t.test('a key that was made is for its owner alone', async (t) => {
  const DATA_DIR = await mkdtemp(path.join(tmpdir(), 'barometer-doctor-'))
  t.teardown(() => rm(DATA_DIR, { recursive: true }))
  const look = async () => (await examine({ DATA_DIR }))('ANALYSIS_KEY')
  t.match(await look(), { level: 'note', says: /the first start makes one/ })
  const file = analysisKeyFile(DATA_DIR)
  await analysisKey({ given: undefined, dataDir: DATA_DIR })
  t.match(await look(), { level: 'ok', says: /its owner alone may read/ })
  await chmod(file, 0o640)
  t.match(await look(), { level: 'warning', says: /has the mode 0640/, advice: `chmod 600 ${file}` })
  await writeFile(file, 'nonsense')
  t.match(await look(), { level: 'problem', says: /does not hold an analysis key/ })
})
