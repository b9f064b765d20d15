// Reports and outcomes as sentences for a terminal.
import type { Confirmation } from '../cache/index.ts'
import type { LoadReport, Rejection } from '../loading/report.ts'
import { namesText } from '../loading/wording.ts'

const NUMBERS = new Intl.NumberFormat('en-US')
const number = (value: number) => NUMBERS.format(value)

/** @param database where it went. */
export function reportText(title: string, report: LoadReport, database: string): string {
  const counts = [
    `inserted ${number(report.inserted)}`,
    `updated ${number(report.updated)}`,
    `unchanged ${number(report.unchanged)}`,
    ...(report.duplicates > 0 ? [`replaced by a later line ${number(report.duplicates)}`] : []),
    `rejected ${number(report.rejected)}`,
  ]
  const unlisted = report.rejected - report.rejections.length
  return [
    `${title}: ${number(report.read)} ${report.read === 1 ? 'line' : 'lines'} read`,
    `  ${counts.join(', ')}`,
    `  ${scoresText(report)}`,
    `  database: ${database}`,
    ...(report.ignored.length > 0 ? [`  ignored: ${namesText(report.ignored)}`] : []),
    ...report.warnings.map((warning) => `  warning: ${warning}`),
    ...(report.rejected > 0 ? ['rejected:', ...report.rejections.map(rejectionText)] : []),
    ...(unlisted > 0 ? [`  and ${number(unlisted)} more`] : []),
  ].join('\n')
}

function scoresText({ scoresChanged }: LoadReport): string {
  return scoresChanged === null
    ? 'scores: brought up to date by the running service'
    : `scores changed: ${number(scoresChanged)}`
}

export function rejectionText({ line, item, field, reason }: Rejection): string {
  return `  line ${line}${item === undefined ? '' : `, item ${item}`}: ${field === null ? '' : `${field}: `}${reason}`
}

/** On which instances a clear holds. */
export function confirmedText({
  confirmed,
  expired,
}: { confirmed: string[] | number } & Pick<Confirmation, 'expired'>): string {
  const applied = typeof confirmed === 'number' ? confirmed : confirmed.length
  if (applied === 0 && expired.length === 0) return 'no instance is running; the next one to start applies it'
  const silent =
    expired.length === 0
      ? ''
      : `; no answer from ${expired.join(', ')}, which may serve nothing from the cache until it has applied it`
  return `applied by ${number(applied)} running ${applied === 1 ? 'instance' : 'instances'}${silent}`
}
