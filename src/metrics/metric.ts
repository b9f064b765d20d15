// Metrics that are read off the service's own counters when somebody scrapes: prom-client's own ones would be added to with each request.
import type { Metric, Registry } from 'prom-client'
import type { Durations } from '../cache/index.ts'

export type Labels = Record<string, string>
export interface Sample {
  labels?: Labels
  value: number
}

export type MetricType = 'counter' | 'gauge'

/** @param read what a scrape finds at this moment; none of what cannot be known. */
export function addMetric(
  registry: Registry,
  type: MetricType,
  name: string,
  help: string,
  read: () => Sample[],
): void {
  register(registry, { name, help, type }, read)
}

/** @param read durations, with the labels of each. Prometheus gets them in seconds. */
export function addHistogram(
  registry: Registry,
  name: string,
  help: string,
  read: () => { labels?: Labels; durations: Durations }[],
): void {
  register(registry, { name, help, type: 'histogram' }, () =>
    read().flatMap(({ labels = {}, durations: { bounds, counts, sumMs } }) => {
      let total = 0
      const buckets = counts.map((count, index) => {
        total += count
        const bound = bounds[index]
        const le = bound === undefined ? '+Inf' : String(bound / 1000)
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
        { metricName: `${name}_count`, labels, value: total },
      ]
    }),
  )
}

function register(
  registry: Registry,
  described: { name: string; help: string; type: MetricType | 'histogram' },
  read: () => (Sample & { metricName?: string })[],
): void {
  const get = () => Promise.resolve({ ...described, values: read(), aggregator: 'sum' })
  // The registry asks no more of a metric, whatever its type says.
  registry.registerMetric({ name: described.name, get } as unknown as Metric)
}
