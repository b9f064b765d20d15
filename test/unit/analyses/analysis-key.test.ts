// The key of personal results: read in its two forms, or made once, whoever starts at the same time.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { analysisKey, parseAnalysisKey } from '../../../src/analyses/analysis-key.ts'

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 251 - index))

t.test('a key is 32 bytes, in hexadecimal digits or base64', (t) => {
  for (const text of [
    KEY.toString('hex'),
    KEY.toString('hex').toUpperCase(),
    KEY.toString('base64'),
    KEY.toString('base64url'),
  ])
    t.same(parseAnalysisKey(text), KEY, text)
  for (const text of [
    '',
    'secret',
    KEY.toString('hex').slice(2),
    `${KEY.toString('hex')}00`,
    KEY.subarray(1).toString('base64'),
    Buffer.concat([KEY, KEY]).toString('base64'),
    ` ${KEY.toString('hex')}`,
    `${KEY.toString('base64url').slice(0, -1)}9`,
    'é'.repeat(43),
  ])
    t.equal(parseAnalysisKey(text), null, JSON.stringify(text))
  t.end()
})

t.test('one that is none is refused by name and not shown', async (t) => {
  const given = 'hunter2'.repeat(5)
  await t.rejects(analysisKey({ given, dataDir: null }), { message: /^ANALYSIS_KEY must be 32 random bytes/ })
  const error = await analysisKey({ given, dataDir: null }).catch((error: unknown) => error as Error)
  t.notMatch((error as Error).message, /hunter2/)
})

t.test('without one, and without a place to keep one, there is none', async (t) => {
  t.equal(await analysisKey({ given: undefined, dataDir: null }), null)
  t.same(await analysisKey({ given: KEY.toString('hex'), dataDir: t.testdir() }), KEY, 'a given one wins')
})

t.test('twenty that start at once agree on the key that is made', async (t) => {
  const root = t.testdir()
  const start = async (dataDir: string, turns: number): Promise<Buffer | null> => {
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
    return await analysisKey({ given: undefined, dataDir })
  }
  // Each a little later than the one before, many times: some come just after another has written its key.
  for (let round = 0; round < 30; round++) {
    const dataDir = path.join(root, `round-${round}`)
    const starts = Array.from({ length: 20 }, (_, index) => start(dataDir, index))
    const keys = (await Promise.all(starts)).map((key) => key?.toString('hex'))
    if (new Set(keys).size !== 1) t.fail(`round ${round}: ${new Set(keys).size} keys`)
  }
  const dataDir = path.join(root, 'new')
  const starts = Array.from({ length: 20 }, (_, index) => start(dataDir, index))
  const keys = (await Promise.all(starts)).map((key) => key?.toString('hex'))
  t.equal(new Set(keys).size, 1)
  t.match(keys[0], /^[0-9a-f]{64}$/)
  t.same(await readdir(dataDir), ['analysis.key'], 'no drafts are left')
  const { mode } = await stat(path.join(dataDir, 'analysis.key'))
  t.equal(mode & 0o777, 0o600)
  t.equal((await analysisKey({ given: undefined, dataDir }))?.toString('hex'), keys[0], 'and later')
})

t.test('a file that holds no key is an error that names it, and stays', async (t) => {
  const dataDir = t.testdir({ 'analysis.key': 'half' })
  await t.rejects(analysisKey({ given: undefined, dataDir }), { message: /analysis\.key does not hold/ })
  await writeFile(path.join(dataDir, 'analysis.key'), '')
  await t.rejects(analysisKey({ given: undefined, dataDir }), 'an empty one too')
  t.equal(await readFile(path.join(dataDir, 'analysis.key'), 'utf8'), '')
})
