// A finding: what was looked at, how bad it is, what is the case, and what to do about it.

export type Level = 'ok' | 'note' | 'warning' | 'problem'

export interface Finding {
  /** What was looked at, such as `redis eviction`. */
  check: string
  /** note: as it may be. warning: should be mended. problem: has to be. */
  level: Level
  says: string
  advice?: string
  /** What was tried, one after the other. */
  steps?: { step: string; result: string; ms: number }[]
}

export const ok = (check: string, says: string): Finding => ({ check, level: 'ok', says })
export const note = (check: string, says: string, advice?: string): Finding =>
  withAdvice(check, 'note', says, advice)
export const warning = (check: string, says: string, advice: string): Finding =>
  withAdvice(check, 'warning', says, advice)
export const problem = (check: string, says: string, advice: string): Finding =>
  withAdvice(check, 'problem', says, advice)

function withAdvice(check: string, level: Level, says: string, advice?: string): Finding {
  return { check, level, says, ...(advice === undefined ? {} : { advice }) }
}

/** A second is what a lease lasts: beyond it, moments in logs of two machines are in the wrong order. */
const CLOCK_LIMIT_MS = 1000

export function clockFinding(check: string, aheadMs: number): Finding {
  const seconds = Math.abs(aheadMs / 1000).toFixed(2)
  const says = `its clock is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`
  if (Math.abs(aheadMs) <= CLOCK_LIMIT_MS) return ok(check, says)
  return warning(
    check,
    says,
    'keep all machines on the same time (chrony, systemd-timesyncd): lifetimes are judged by the clock of whoever reads; clears are not',
  )
}
