// When the scores are brought up to date by a running service.
import type { Time } from '../time/time.ts'
import { Keeper } from './keeper.ts'
import type { Scoring } from './pending-scores.ts'

/** What is pending and could not be done now is looked at again: who was at it may have died, who should have done it may be gone. */
const LOOK_AGAIN_MS = { busy: 1000, left: 10_000, failed: 1000 }

export interface ScoreKeeperParts {
  /** Brings the scores up to date; `insists` until it once could, as a start has its settings hold. */
  score: (insists: boolean) => Promise<Scoring>
  onOutcome: (scoring: Scoring, ms: number) => void
  /** Of failures in a row, the first. */
  onFailure: (error: unknown) => void
  time: Time
}

export class ScoreKeeper extends Keeper<Scoring> {
  constructor({ score, ...parts }: ScoreKeeperParts) {
    let insists = true
    const work = async (): Promise<Scoring> => {
      const scoring = await score(insists)
      if (scoring.outcome !== 'busy') insists = false
      return scoring
    }
    super({ ...parts, work, lookAgainMs: LOOK_AGAIN_MS })
  }
}
