// Personal results open for their own subject, key and row, and for nobody else.
import { createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { Json } from '../../../src/analyses/analysers/analyser.ts'
import { Sealing } from '../../../src/analyses/sealing.ts'

const KEY = Buffer.alloc(32, 7)
const ROW = 'text:ab:analyser=tone'
const RESULT: Json = { verdict: 'forged', score: -0.5, parts: ['€', null] }
const sealing = new Sealing(KEY)

t.test('what was sealed opens again, whatever it is', (t) => {
  const property = fc.property(fc.jsonValue(), fc.string({ unit: 'grapheme' }), (value, subject) => {
    const opened = sealing.open(sealing.seal(value as Json, subject, ROW), subject, ROW)
    return JSON.stringify(opened) === JSON.stringify(value)
  })
  fc.assert(property, { seed: 20_261_130, numRuns: 500 })
  const long = 'é'.repeat(200)
  t.same(sealing.open(sealing.seal(RESULT, long, ROW), long, ROW), RESULT, 'a subject of any length')
  t.same(
    new Sealing(KEY).open(sealing.seal(RESULT, 'Zoe\u0301', ROW), 'Zoé', ROW),
    RESULT,
    'on another instance, with the subject typed another way',
  )
  t.end()
})

t.test('it opens for no other subject, key or row', (t) => {
  const row = sealing.seal(RESULT, 'anna', ROW)
  t.equal(sealing.open(row, 'Anna', ROW), null, 'subject')
  t.equal(sealing.open(row, '', ROW), null, 'no subject')
  t.equal(new Sealing(Buffer.alloc(32, 8)).open(row, 'anna', ROW), null, 'key')
  t.equal(sealing.open(row, 'anna', `${ROW}&x`), null, 'row')
  t.equal(sealing.open({ ...row, salt: sealing.seal(1, 'anna', ROW).salt }, 'anna', ROW), null, 'salt')
  t.end()
})

t.test('a changed or shortened one does not open', (t) => {
  const { salt, sealed } = sealing.seal(RESULT, 'anna', ROW)
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed)
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index)
    if (sealing.open({ salt, sealed: changed }, 'anna', ROW) !== null) t.fail(`byte ${index}`)
    if (sealing.open({ salt, sealed: sealed.subarray(0, index) }, 'anna', ROW) !== null)
      t.fail(`${index} bytes of it`)
  }
  t.same(sealing.open({ salt, sealed }, 'anna', ROW), RESULT)
  t.end()
})

t.test('what is kept shows nothing, and is never the same twice', (t) => {
  const rows = Array.from({ length: 50 }, () => sealing.seal(RESULT, 'anna', ROW))
  const bytes = rows.map(({ salt, sealed }) => Buffer.concat([salt, sealed]).toString('latin1'))
  t.notOk(
    bytes.some((text) => /forged|anna|verdict/.test(text)),
    'no text of the result or subject',
  )
  t.equal(new Set(rows.map(({ sealed }) => sealed.toString('hex'))).size, 50)
  t.equal(new Set(rows.map(({ salt }) => salt.toString('hex'))).size, 50)
  t.end()
})

t.test('a subject has one hash of 22 characters, which only the key gives', (t) => {
  const hash = sealing.subjectHash('Zoé')
  t.match(hash, /^[\w-]{22}$/)
  t.equal(sealing.subjectHash('Zoe\u0301'), hash, 'NFD')
  t.not(sealing.subjectHash('zoé'), hash, 'case')
  t.not(new Sealing(randomBytes(32)).subjectHash('Zoé'), hash, 'key')
  t.not(
    createHmac('sha256', KEY).update('Zoé').digest('base64url').slice(0, 22),
    hash,
    'not by the key itself',
  )
  t.end()
})
