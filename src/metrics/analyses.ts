// What this instance did about analyses, by analyser: names and currencies of the configuration, and of results that are kept.
import type { Registry } from 'prom-client'
import type { Analyses } from '../analyses/analyses.ts'
import type { Analyser } from '../analyses/analysers/analyser.ts'
import type { CallCounts } from '../analyses/calls.ts'
import type { SavingsCount } from '../db/analysis-money.ts'
import type { Budget } from '../stats/analyses.ts'
import { addMetric, type MetricType, type Sample } from './metric.ts'

export interface AnalysisCounters {
  analysers: ReadonlyMap<string, Analyser>
  calls: () => ReadonlyMap<string, Readonly<CallCounts>>
  usage: () => Analyses['usage']
  /** By day, too: a scrape adds the days up. */
  savings: () => readonly Readonly<SavingsCount>[]
  budgets: () => Budget[]
}

const MICROS = 1_000_000

export function addAnalysisMetrics(
  registry: Registry,
  { analysers, calls, usage, savings, budgets }: AnalysisCounters,
): void {
  const add = (type: MetricType, name: string, help: string, read: () => Sample[]): void =>
    addMetric(registry, type, `barometer_analysis_${name}`, help, read)
  /** From the start on, at 0: an increase from nothing is none to Prometheus. */
  const byAnalyser = (value: (analyser: Analyser) => number): Sample[] =>
    [...analysers.values()].map((analyser) => ({
      labels: { analyser: analyser.name },
      value: value(analyser),
    }))
  const savedBy = (
    names: readonly ('analyser' | 'currency')[],
    what: 'hits' | 'shared' | 'savedMicros',
  ): Sample[] => {
    const sums = new Map<string, Sample>()
    const nothing = [...analysers.values()].map(({ name, currency }) => ({
      analyser: name,
      currency,
      [what]: 0,
    }))
    for (const count of [...nothing, ...savings()]) {
      const labels = Object.fromEntries(names.map((name) => [name, count[name]]))
      const id = Object.values(labels).join(' ')
      const sum = sums.get(id) ?? { labels, value: 0 }
      sums.set(id, { labels, value: sum.value + Number(count[what]) })
    }
    return [...sums.values()]
  }

  add('counter', 'calls_total', 'Calls of analysers', () =>
    byAnalyser(({ name }) => calls().get(name)?.calls ?? 0),
  )
  add('counter', 'failures_total', 'Calls that brought no result', () =>
    byAnalyser(({ name }) => calls().get(name)?.failures ?? 0),
  )
  add('counter', 'hits_total', 'Requests that a kept result answered', () => savedBy(['analyser'], 'hits'))
  add('counter', 'shared_total', "Requests that waited for somebody else's call", () =>
    savedBy(['analyser'], 'shared'),
  )
  add('counter', 'spent_total', 'What calls cost, in units of the currency', () =>
    [...analysers.values()].map(({ name, currency }) => ({
      labels: { analyser: name, currency },
      value: (calls().get(name)?.spentMicros ?? 0) / MICROS,
    })),
  )
  add('counter', 'saved_total', 'What hits and shared calls would have cost, in units of the currency', () =>
    savedBy(['analyser', 'currency'], 'savedMicros').map((sample) => ({
      ...sample,
      value: sample.value / MICROS,
    })),
  )
  add('gauge', 'running', 'Calls that are made now', () =>
    byAnalyser(({ name }) => usage().get(name)?.taken ?? 0),
  )
  add('gauge', 'waiting', 'Callers in line for a call', () =>
    byAnalyser(({ name }) => usage().get(name)?.waiting ?? 0),
  )
  const labelsOf = ({ analyser, currency }: Budget) => ({ analyser, currency })
  add('gauge', 'budget', 'Budget of a day, of the fleet', () =>
    budgets().map((budget) => ({ labels: labelsOf(budget), value: Number(budget.micros) / MICROS })),
  )
  add('gauge', 'budget_left', "What is left of today's budget, of the fleet, as of the last minute", () =>
    budgets().flatMap((budget) =>
      budget.leftMicros === null
        ? []
        : [{ labels: labelsOf(budget), value: Number(budget.leftMicros) / MICROS }],
    ),
  )
}
