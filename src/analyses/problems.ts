// What a caller is told where an analyser brought no result. Nothing of its answer is shown.
import { Problem } from '../problems.ts'
import type { Verdict } from './analysers/analyser.ts'

const DETAILS = {
  analysis_refused: 'the analyser does not take this content; it is not asked again for a minute',
  analyser_busy: 'the analyser has too much to do at the moment',
  analyser_timeout: 'the analyser did not answer in time',
  analyser_failed: 'the analyser gave no answer that can be used',
} as const
export type AnalyserProblem = keyof typeof DETAILS

const RETRY_AFTER_S = 5

/** @param code as a claim keeps it. @param retryAfterSeconds where it is known. */
export function analyserProblem(code: string | null, retryAfterSeconds?: number): Problem {
  const known: AnalyserProblem =
    code !== null && code in DETAILS ? (code as AnalyserProblem) : 'analyser_failed'
  const retryAfter = retryAfterSeconds ?? (known === 'analysis_refused' ? null : RETRY_AFTER_S)
  return new Problem(known, DETAILS[known], [], retryAfter)
}

export function codeOf(verdict: Exclude<Verdict, { outcome: 'answered' }>): AnalyserProblem {
  switch (verdict.outcome) {
    case 'refused':
      return 'analysis_refused'
    case 'busy':
      return 'analyser_busy'
    case 'failed':
      return verdict.isTimeout ? 'analyser_timeout' : 'analyser_failed'
  }
}

/** @param leftMs until the next day. */
export function budgetSpent(analyser: string, leftMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(leftMs / 1000))
  const next = new Date(Date.now() + leftMs).toISOString().slice(0, 10)
  const detail = `the budget of ${analyser} for today is spent; the next day begins at ${next}T00:00:00Z`
  return new Problem('budget_spent', detail, [], seconds)
}

export function analysisUnknown(retryAfterSeconds: number | null = null): Problem {
  const detail =
    retryAfterSeconds === null
      ? 'this content was not analysed so, or not for a while; POST /api/v1/analyses does'
      : 'this content is being analysed; ask again in a moment'
  return new Problem('analysis_unknown', detail, [], retryAfterSeconds)
}
