// The journal of savings: what was counted outlives the process, once, and what is no record of ours is left out.
import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { SavingsJournal } from '../../../src/analyses/savings-journal.ts'
import type { SavingsCount } from '../../../src/db/analysis-money.ts'

const LIFE = '01234567-89ab-cdef-0123-456789abcdef'
const OTHER = 'fedcba98-7654-3210-fedc-ba9876543210'
/** Of a process that has ended. */
const GONE = spawnSync(process.execPath, ['-e', '0']).pid
const count = (hits: number, analyser = 'tone'): SavingsCount => ({
  day: '2026-02-01',
  analyser,
  currency: 'EUR',
  hits,
  shared: 0,
  savedMicros: hits * 2000,
})
const silent = (): void => undefined

async function recovered(directory: string, life = OTHER) {
  const found: [string, SavingsCount[]][] = []
  const journal = new SavingsJournal(directory, life, silent)
  await journal.recover((life, counts) => {
    found.push([life, counts])
    return Promise.resolve()
  })
  return found
}

t.test('the last state of each place is what another life finds', async (t) => {
  const directory = path.join(t.testdir(), 'savings')
  const journal = new SavingsJournal(directory, LIFE, silent)
  for (let hits = 1; hits <= 1200; hits += 1) journal.write(0, count(hits))
  journal.write(1, count(5, 'x'.repeat(64)))
  t.strictSame(await recovered(directory), [[LIFE, [count(1200), count(5, 'x'.repeat(64))]]])
  t.strictSame(
    await recovered(directory),
    [[LIFE, [count(1200), count(5, 'x'.repeat(64))]]],
    'its process lives',
  )
  t.strictSame(await recovered(directory, LIFE), [], 'not its own')
  journal.close(false)
  t.equal(readdirSync(directory).length, 1, 'what is not written stays')
})

t.test('of a process that is gone it is found once', async (t) => {
  const directory = t.testdir()
  const file = path.join(directory, `${LIFE}.${GONE}.savings`)
  writeFileSync(file, `${JSON.stringify(count(7))}\n`)
  // A kill in the middle of a write.
  appendFileSync(file, '{"day":"2026-02-01","analyser":"to')
  writeFileSync(path.join(directory, 'notes.txt'), 'nothing of ours')
  t.strictSame(await recovered(directory), [[LIFE, [count(7)]]])
  t.strictSame(readdirSync(directory), ['notes.txt'])
})

t.test('one that could not be handed over stays', async (t) => {
  const directory = t.testdir()
  writeFileSync(path.join(directory, `${LIFE}.${GONE}.savings`), `${JSON.stringify(count(7))}\n`)
  const journal = new SavingsJournal(directory, OTHER, silent)
  await t.rejects(journal.recover(() => Promise.reject(new Error('away'))))
  t.strictSame(await recovered(directory), [[LIFE, [count(7)]]])
})

t.test('all of it written, the file goes; where there can be none, one warning says so', (t) => {
  const directory = path.join(t.testdir(), 'savings')
  const journal = new SavingsJournal(directory, LIFE, silent)
  journal.write(0, count(1))
  journal.close(true)
  t.strictSame(readdirSync(directory), [])
  const warnings: string[] = []
  const file = path.join(t.testdir({ taken: '' }), 'taken')
  chmodSync(file, 0o600)
  const nowhere = new SavingsJournal(file, LIFE, (message) => warnings.push(message))
  nowhere.write(0, count(1))
  nowhere.write(0, count(2))
  t.match(warnings, [/savings have no journal/])
  t.end()
})
