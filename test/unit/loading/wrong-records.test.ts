// Many wrong records cost little: no reason is worked out that nobody reads, others get the event loop, and blanks are not tried over and over.
import t from 'tap'
import { readArticles } from '../../../src/loading/articles.ts'
import { splitFields } from '../../../src/loading/csv.ts'
import { UNTOLD } from '../../../src/loading/formats.ts'
import { REJECTIONS_KEPT } from '../../../src/loading/report.ts'
import { Turns } from '../../../src/loading/turns.ts'

t.test('reasons are worked out for those that are listed, across pieces of the input', async (t) => {
  const piece = Buffer.from('{}\n'.repeat(REJECTIONS_KEPT - 1))
  async function* input(): AsyncGenerator<Uint8Array> {
    for (let times = 0; times < 3; times += 1) yield await Promise.resolve(piece)
  }
  const reasons: string[] = []
  for await (const batch of readArticles(input()))
    for (const record of batch) reasons.push('reason' in record ? record.reason : 'none')
  t.equal(reasons.length, 3 * (REJECTIONS_KEPT - 1), 'each is counted')
  t.notOk(reasons.slice(0, REJECTIONS_KEPT).includes(UNTOLD.reason))
  t.strictSame(new Set(reasons.slice(REJECTIONS_KEPT)), new Set([UNTOLD.reason]))
})

t.test('the event loop is let go once it was held for a while', async (t) => {
  const turns = new Turns()
  let others = 0
  const hold = (): void => {
    const until = performance.now() + 5
    while (performance.now() < until);
  }
  hold()
  setImmediate(() => (others += 1))
  await turns.rest()
  t.equal(others, 1)
})

t.test('a line of blanks in front of a broken quote', (t) => {
  // As many steps as there are pairs of blanks would take minutes.
  const blanks = ' '.repeat(500_000)
  t.equal(splitFields(`${blanks}"x`), null)
  t.strictSame(splitFields(`${blanks}"x"${blanks},${blanks}y${blanks}, ,`), ['x', 'y', '', ''])
  t.end()
})
