// Never the wrong answer: pairs of requests that differ in one thing have one result exactly where the contract says that they are the same.
import t from 'tap'
import { analysersFile, startAnalyser } from '../../support/analyser.ts'
import { send, startFilledDatabase } from '../../support/http.ts'
import { startService } from '../../support/service.ts'

interface Asked {
  text: string
  language?: string
  tone?: string
  analyser?: string
  parameters?: Record<string, unknown>
  subject?: string
}

const analyser = await startAnalyser(t)
const DATABASE_URL = await startFilledDatabase(t)
const ANALYSIS_KEY = '5e'.repeat(32)
const service = await startService(t, {
  DATABASE_URL,
  ANALYSIS_KEY,
  ANALYSERS: await analysersFile(t, analyser.url),
})
/** The same with a newer analyser of the same name. */
const newer = await startService(t, {
  DATABASE_URL,
  ANALYSIS_KEY,
  ANALYSERS: await analysersFile(t, analyser.url, { version: '2' }),
})

const BASE: Asked = {
  text: 'Une première ligne\nand a second one',
  language: 'fr',
  tone: 'formal',
  parameters: { depth: 1, focus: ['a', 'b'], nested: { x: null, y: 'é' } },
}
const SAME: Record<string, Partial<Asked>> = {
  'NFD for NFC': { text: BASE.text.normalize('NFD') },
  'line ends of Windows': { text: BASE.text.replace('\n', '\r\n') },
  'line ends of old': { text: BASE.text.replace('\n', '\r') },
  'blanks around': { text: `  \t${BASE.text}\n\n ` },
  'runs of blanks': { text: BASE.text.replaceAll(' ', '   ') },
  'a zero-width character': { text: BASE.text.replace('ligne', 'lig\u200bne') },
  'a byte order mark': { text: `\ufeff${BASE.text}` },
  'parameters in another order': {
    parameters: { nested: { y: 'é', x: null }, focus: ['a', 'b'], depth: 1 },
  },
  'the language in capitals': { language: 'FR' },
}
const OTHER: Record<string, Partial<Asked>> = {
  'one letter': { text: BASE.text.replace('second', 'sekond') },
  'the case of a letter': { text: BASE.text.replace('and', 'And') },
  'an accent': { text: BASE.text.replace('première', 'premiere') },
  'a line end for a blank': { text: BASE.text.replace('\n', ' ') },
  'a full stop': { text: `${BASE.text}.` },
  'the language': { language: 'en' },
  'the region of the language': { language: 'fr-ca' },
  'the tone': { tone: 'friendly' },
  'the case of the tone': { tone: 'Formal' },
  'a number': { parameters: { ...BASE.parameters, depth: 2 } },
  'a number as text': { parameters: { ...BASE.parameters, depth: '1' } },
  'the order of a list': { parameters: { ...BASE.parameters, focus: ['b', 'a'] } },
  'something nested': { parameters: { ...BASE.parameters, nested: { x: 0, y: 'é' } } },
  'one parameter more': { parameters: { ...BASE.parameters, more: true } },
  'a parameter named like the tone': { parameters: { ...BASE.parameters, tone: 'formal' } },
  'a subject': { subject: 'Jane' },
  'another subject': { subject: 'jane' },
}
for (const [name, left] of [
  ['no language', 'language'],
  ['no tone', 'tone'],
  ['no parameters', 'parameters'],
] as const)
  OTHER[name] = { [left]: undefined }

const analyse = async (asked: Asked, to = service) => {
  const { status, headers, body } = await send(to, '/api/v1/analyses', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  })
  t.equal(status, 200, body)
  return { outcome: headers['x-cache'], call: (JSON.parse(body) as { result: { call: number } }).result.call }
}

const base = await analyse(BASE)
for (const [name, change] of Object.entries(SAME))
  t.test(`the same: ${name}`, async (t) => {
    t.strictSame(await analyse({ ...BASE, ...change }), { outcome: 'HIT', call: base.call })
  })
const seen = new Set([base.call])
for (const [name, change] of Object.entries(OTHER))
  t.test(`another: ${name}`, async (t) => {
    const first = await analyse({ ...BASE, ...change })
    t.equal(first.outcome, 'MISS')
    t.notOk(seen.has(first.call), 'a call of its own')
    seen.add(first.call)
    t.strictSame(await analyse({ ...BASE, ...change }), { outcome: 'HIT', call: first.call })
    t.strictSame(await analyse(BASE), { outcome: 'HIT', call: base.call }, 'the other one stays')
  })

t.test('another version of the analyser, side by side', async (t) => {
  const other = await analyse(BASE, newer)
  t.equal(other.outcome, 'MISS')
  t.strictSame(await analyse(BASE), { outcome: 'HIT', call: base.call })
  t.strictSame(await analyse(BASE, newer), { outcome: 'HIT', call: other.call })
})
