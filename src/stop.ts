// When and how the process ends: a signal or an uncaught error begins a graceful stop, a second signal ends it at once.
import closeWithGrace from 'close-with-grace'

/** A stop takes at most this long; what is still running then is cut off, and the exit code says so. */
const STOP_LIMIT_MS = 10_000
/** On Ctrl-C a terminal signals npm and the service both, and npm hands its own on: one wish to stop, said twice. */
const ECHO_MS = 500
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export interface StopReason {
  err?: Error
  signal?: string
}

/**
 * From here on the process does not end without `finish`, which frees whatever there is by then.
 *
 * @returns whether a stop has begun: a start that fails because of it is no failure.
 */
export function stopOnSignal(finish: (reason: StopReason) => Promise<void>): () => boolean {
  let begun: { signal: string; at: number } | undefined
  const { close } = closeWithGrace(
    { delay: STOP_LIMIT_MS, logger: false, skip: [...SIGNALS] },
    async ({ err, signal = begun?.signal }) => {
      begun ??= { signal: signal ?? '', at: performance.now() }
      await finish({ ...(err === undefined ? {} : { err }), ...(signal === undefined ? {} : { signal }) })
    },
  )
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = performance.now()
      if (begun === undefined) {
        begun = { signal, at: now }
        close()
      } else if (signal !== begun.signal || now - begun.at > ECHO_MS) {
        process.exit(1)
      }
    })
  }
  return () => begun !== undefined
}
