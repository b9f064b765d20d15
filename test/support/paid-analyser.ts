// A paid analyser inside a service of this process: what it costs is counted as of any other, and a test says when it answers.
import type { Analyser, Verdict } from '../../src/analyses/analysers/analyser.ts'
import { lexicon } from '../../src/analyses/analysers/lexicon.ts'
import type { TestService } from './service.ts'

export interface PaidAnalyser {
  /** Made so far. */
  calls: number
  answer: () => Verdict | Promise<Verdict>
}

/** Adds `paid`, at 0.002 EUR a call, unless `fields` say otherwise. */
export function addPaidAnalyser({ app }: TestService, fields: Partial<Analyser> = {}): PaidAnalyser {
  const paid: PaidAnalyser = {
    calls: 0,
    answer: () => ({ outcome: 'answered', result: { verdict: 'calm' } }),
  }
  const analyser: Analyser = {
    ...lexicon,
    name: 'paid',
    kind: 'http',
    accepts: new Set(['text', 'file']),
    tones: null,
    parameters: null,
    costMicros: 2000n,
    concurrency: 8,
    call: async () => {
      paid.calls++
      return Promise.resolve(paid.answer())
    },
    ...fields,
  }
  ;(app.analysers as Map<string, Analyser>).set(analyser.name, analyser)
  return paid
}
