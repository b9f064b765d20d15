// Listens to a channel, and goes on listening after the connection was lost. What was announced meanwhile is not heard: nothing may rest on it.
import type { Sql } from 'postgres'
import type { Time } from '../time/time.ts'

const FIRST_PAUSE_MS = 250
/** What changed while nobody listened is computed and shown this soon after the server is back. */
const LONGEST_PAUSE_MS = 2000
/** For an attempt to listen that is under way: cut off in the middle, postgres.js rejects what nobody waits for. */
const END_TIMEOUT_S = 0.5

export interface Notifications {
  close(): Promise<void>
}

export interface Handlers {
  onNotification: () => void
  onConnectionClosed: () => void
}

/** @param open opens a pool of one connection that stays, not through a pooler: in transaction mode those pass no notifications on. */
export function listenTo(
  open: (handlers: Handlers) => Sql,
  channel: string,
  heard: () => void,
  time: Time,
): Notifications {
  let closed = false
  let pause = FIRST_PAUSE_MS
  let cancel = (): void => undefined
  const connection = open({ onNotification: heard, onConnectionClosed: () => listenAgain() })
  const listen = (): void => {
    connection`listen ${connection(channel)}`.then(() => {
      pause = FIRST_PAUSE_MS
      // While nobody listened there may have been something.
      heard()
    }, listenAgain)
  }
  function listenAgain(): void {
    if (closed) return
    cancel()
    cancel = time.after(pause, listen)
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
  listen()
  return {
    close: async () => {
      closed = true
      cancel()
      await connection.end({ timeout: END_TIMEOUT_S })
    },
  }
}
