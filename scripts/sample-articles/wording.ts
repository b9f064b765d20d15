// Numbers, dates and verbs as a market report prints them.
import type { Random } from './random.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const ORDINALS = [
  'third',
  'fourth',
  'fifth',
  'sixth',
  'seventh',
  'eighth',
  'ninth',
  'tenth',
  'eleventh',
  'twelfth',
]

/** Title form and past tense, by size of the move in per cent. */
const VERBS = {
  up: [
    { below: 0.5, verbs: ['edges up|edged up', 'inches up|inched up', 'adds|added'] },
    { below: 1.5, verbs: ['rises|rose', 'gains|gained', 'advances|advanced'] },
    { below: 3, verbs: ['climbs|climbed', 'jumps|jumped', 'rallies|rallied'] },
    { below: Infinity, verbs: ['surges|surged', 'leaps|leapt'] },
  ],
  down: [
    { below: 0.5, verbs: ['edges down|edged down', 'slips|slipped', 'eases|eased'] },
    { below: 1.5, verbs: ['falls|fell', 'declines|declined', 'loses|lost'] },
    { below: 3, verbs: ['drops|dropped', 'slides|slid', 'tumbles|tumbled'] },
    { below: Infinity, verbs: ['plunges|plunged', 'sinks|sank'] },
  ],
} as const

/** Digits in groups, two decimals: `1,402.11`. */
export function level(value: number): string {
  const [whole, decimals] = value.toFixed(2).split('.')
  return `${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}.${decimals!}`
}

/** The size of a percentage without its sign: `1.2%`. */
export function size(percentage: number): string {
  return `${Math.abs(percentage).toFixed(1)}%`
}

/** Whether a percentage would be printed as 0.0%, which is no move to report. */
export function isFlat(percentage: number): boolean {
  return Number(percentage.toFixed(1)) === 0
}

export function volumeFigure(volume: number): string {
  return volume >= 1e9 ? `${(volume / 1e9).toFixed(2)} billion` : `${(volume / 1e6).toFixed(0)} million`
}

export function weekday(date: string): string {
  return WEEKDAYS[new Date(date).getUTCDay()]!
}

/** `14 March 2008` */
export function fullDate(date: string): string {
  return `${Number(date.slice(8))} ${month(date)} ${date.slice(0, 4)}`
}

export function month(date: string): string {
  return MONTHS[Number(date.slice(5, 7)) - 1]!
}

/** From the third on; null where a report would stop counting. */
export function ordinal(count: number): string | null {
  return ORDINALS[count - 3] ?? null
}

/** A verb that fits direction and size, in both forms. */
export function moveVerb(percentage: number, random: Random): { present: string; past: string } {
  const sizes = VERBS[percentage < 0 ? 'down' : 'up']
  const band = sizes.find(({ below }) => Math.abs(percentage) < below) ?? sizes[3]
  const [present, past] = random.pick<string>(band.verbs).split('|')
  return { present: present!, past: past! }
}

/** One of two words, by sign. */
export function bySign(value: number, positive: string, negative: string): string {
  return value < 0 ? negative : positive
}
