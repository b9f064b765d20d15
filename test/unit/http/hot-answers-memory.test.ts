// What is known of hot URLs does not keep their answers: the memory tier alone decides how long those stay.
import type { IncomingMessage, ServerResponse } from 'node:http'
import v8 from 'node:v8'
import vm from 'node:vm'
import t from 'tap'
import type { Entry } from '../../../src/cache/index.ts'
import { RouteCounts } from '../../../src/http/request-counts.ts'
import { entryWith } from '../../support/held-entries.ts'
import { until } from '../../support/until.ts'
import { bareHotAnswers } from '../../support/bare-hot-answers.ts'

const MIB = 1024 * 1024
const URLS = 64
v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc') as () => void

function usedBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

t.test('an entry that the memory tier drops is gone', async (t) => {
  const entries = new Map<string, Entry>()
  const hot = bareHotAnswers((key) => entries.get(key) ?? null)
  const counts = new RouteCounts('GET', '/:index', true)
  const response = { writeHead: () => undefined, end: () => undefined } as unknown as ServerResponse
  const ask = (url: string) =>
    hot.answer(
      { method: 'GET', url, rawHeaders: ['host', 'localhost'] } as unknown as IncomingMessage,
      response,
      () => undefined,
    )
  for (let index = 0; index < URLS; index += 1) {
    entries.set(`key:${index}`, entryWith(Buffer.alloc(MIB), { etag: `"${index}"` }))
    hot.remember(`/${index}`, `key:${index}`, counts)
    t.equal(ask(`/${index}`), true)
  }
  // Against what the process uses with them, not before them: buffers of its own start may still wait to be freed then.
  const full = usedBytes()
  entries.clear()
  t.equal(ask('/1'), false)
  const kept = await until(
    'them to be freed',
    () => URLS * MIB - (full - usedBytes()),
    (bytes) => bytes < MIB,
  )
  t.ok(kept < MIB, `${kept} bytes`)
})
