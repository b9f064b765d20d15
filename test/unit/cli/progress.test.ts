// The progress display draws on a terminal and on nothing else.
import { PassThrough } from 'node:stream'
import t from 'tap'
import { showProgress } from '../../../src/cli/progress.ts'

/** A stream that says it is a terminal and keeps what is drawn on it. */
function terminal(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 })
  return { stream, drawn: () => (stream.read() as Buffer | null)?.toString() ?? '' }
}

t.test('a file shows its share, its size, its lines and what it does', (t) => {
  const { stream, drawn } = terminal(true)
  const progress = showProgress(4_000_000, stream)
  progress.update({ phase: 'reading', bytes: 1_000_000, rows: 12_345 })
  progress.stop()
  t.match(drawn(), /reading .*25% \| 1\.0 MB, 12,345 lines \| \d+\.\d MB\/s, [\d,]+ lines\/s \| ETA/)
  t.end()
})

t.test('an input of unknown size shows what was read', (t) => {
  const { stream, drawn } = terminal(true)
  const progress = showProgress(null, stream)
  progress.update({ phase: 'writing', bytes: 2_500_000, rows: 7 })
  progress.stop()
  const text = drawn()
  t.match(text, /writing: 2\.5 MB, 7 lines/)
  t.notMatch(text, '%')
  t.end()
})

t.test('what is no terminal gets nothing', (t) => {
  const { stream, drawn } = terminal(false)
  const progress = showProgress(10, stream)
  progress.update({ phase: 'reading', bytes: 5, rows: 1 })
  progress.stop()
  t.equal(drawn(), '')
  t.end()
})
