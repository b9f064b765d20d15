// The progress of a load on a terminal; on anything else, nothing.
import { SingleBar } from 'cli-progress'
import type { LoadProgress } from '../loading/report.ts'

export interface ProgressDisplay {
  update(progress: LoadProgress): void
  /** Leaves the terminal as it was. */
  stop(): void
}

const BYTES_PER_MEGABYTE = 1_000_000
const NUMBERS = new Intl.NumberFormat('en-US')

/**
 * @param totalBytes size of the input; null where it is not known, which shows what was read instead of how much is left.
 * @param stream usually standard error, so that a report on standard output can be piped; where it is no terminal, the library draws nothing.
 */
export function showProgress(totalBytes: number | null, stream: NodeJS.WritableStream): ProgressDisplay {
  const format =
    totalBytes === null
      ? '{phase}: {megabytes} MB, {rows} lines, {rate} MB/s, {pace} lines/s'
      : '{phase} {bar} {percentage}% | {megabytes} MB, {rows} lines | {rate} MB/s, {pace} lines/s | ETA {eta_formatted}'
  const bar = new SingleBar({ format, stream, hideCursor: true, barsize: 24, clearOnComplete: true })
  const started = performance.now()
  const payload = ({ phase, bytes, rows }: LoadProgress) => {
    const seconds = Math.max((performance.now() - started) / 1000, 0.001)
    return {
      phase,
      megabytes: (bytes / BYTES_PER_MEGABYTE).toFixed(1),
      rows: NUMBERS.format(rows),
      rate: (bytes / BYTES_PER_MEGABYTE / seconds).toFixed(1),
      pace: NUMBERS.format(Math.round(rows / seconds)),
    }
  }
  bar.start(totalBytes ?? 0, 0, payload({ phase: 'reading', bytes: 0, rows: 0 }))
  return {
    update: (progress) => bar.update(progress.bytes, payload(progress)),
    stop: () => bar.stop(),
  }
}
