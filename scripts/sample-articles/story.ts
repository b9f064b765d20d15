// What a writer hands in: one subject of one session, in three lengths.
import type { Random } from './random.ts'
import type { Session } from './sessions.ts'

export interface Story {
  title: string
  /** One sentence that says the news. */
  lead: string
  /** One sentence of background that can stand behind any lead of the same session. */
  detail: string
  /** What the tone follows: a move in per cent, good news positive. */
  tone: number
}

/** Null when the session gives nothing to write about on the subject. */
export type Writer = (session: Session, random: Random) => Story | null
