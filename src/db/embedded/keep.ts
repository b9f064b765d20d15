// Keeps the embedded PostgreSQL going: started anew where it was killed, or ended with the process that had started it.
import { openEmbeddedPostgres } from './index.ts'

export interface KeptPostgres {
  /** Connection URL, the same for as long as this is open. */
  url: string
  port: number
  /** Looks, in the background, whether the server still runs, and starts it where it does not. For whoever found it away. */
  revive: () => void
  stop: () => Promise<void>
}

/** @throws Error as `openEmbeddedPostgres` does. */
export async function keepEmbedded(dataDir: string): Promise<KeptPostgres> {
  let server = await openEmbeddedPostgres(dataDir)
  const { url, port } = server
  let reviving: Promise<void> | undefined
  let stopped = false

  async function look(): Promise<void> {
    const current = await openEmbeddedPostgres(dataDir, { port })
    // The one there was only did not answer in time: whoever started it still ends it.
    if (current.pid !== server.pid) server = current
  }

  return {
    url,
    port,
    revive: () => {
      if (stopped) return
      // A failure is found again by the next statement, which tries again.
      reviving ??= look()
        .catch(() => undefined)
        .finally(() => (reviving = undefined))
    },
    stop: async () => {
      stopped = true
      await reviving
      await server.stop()
    },
  }
}
