// The figures as a table, for the terminal and for docs/performance.md.
import { cpus } from 'node:os'
import { holds, type Comparison, type CpuUse } from './compare.ts'

/** From this share of its core on, a server counts as having had no time left. */
const SATURATED = 0.95

export function report(comparisons: Comparison[]): string {
  const figures = comparisons.map((comparison) => {
    const { name, against, unit, ours, yardstick, ratio, note } = comparison
    return [
      note === undefined ? name : `${name} (${note})`,
      against ?? '',
      `${figure(ours)} ${unit}`,
      yardstick === null ? '' : figure(yardstick),
      ratio === null ? '' : `**${ratio.toFixed(2)}**`,
      asked(comparison),
      { true: 'yes', false: '**no**', null: '' }[String(holds(comparison)) as 'true' | 'false' | 'null'],
    ]
  })
  const uses = comparisons.flatMap(({ name, cpu }) =>
    cpu === undefined ? [] : [[name, ...use(cpu.ours), ...use(cpu.yardstick)]],
  )
  const parts = [table(['what', 'against', 'ours', 'yardstick', 'ratio', 'asked', 'holds'], figures)]
  if (uses.length > 0) {
    parts.push(
      'What the servers used of their core, and for one request. Below ' +
        `${SATURATED} a server was waiting (for Redis, PostgreSQL or the load) part of the time, and requests/s are not its own limit:`,
      table(['what', 'ours', 'µs a request', 'yardstick', 'µs a request'], uses),
    )
  }
  return parts.join('\n\n')
}

export function machine(): string {
  const [cpu] = cpus()
  return `Node ${process.version.slice(1)}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`
}

function asked({ unit, ratio, bound }: Comparison): string {
  if (bound === null) return ''
  if ('atLeast' in bound) return `at least ${bound.atLeast}`
  const of = ratio === null ? ` ${unit}` : ''
  return `at most ${bound.atMost}${of}${bound.orMore === undefined ? '' : ` or ${bound.orMore} ${unit} more`}`
}

function use({ share, microseconds }: CpuUse): string[] {
  return [share.toFixed(2), microseconds.toFixed(1)]
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
