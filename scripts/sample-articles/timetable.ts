// Which sessions are written about, by whom and when: crowded instants, neighbours a microsecond apart, quiet weeks and weekends.
import type { Random } from './random.ts'
import { weekOf, type Session } from './sessions.ts'
import { SOURCES, type Source } from './sources.ts'

export interface Assignment {
  session: Session
  source: Source
  /** Microseconds since 1970: well inside the whole numbers that a double holds. */
  instant: number
  /** Without a sentiment score. */
  isUnscored: boolean
}

type Slot = Omit<Assignment, 'isUnscored'>

const SECOND = 1_000_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** In UTC, the whole year round: by then the exchange has closed, so nothing is reported before it happened. */
const AFTER_CLOSE = 21 * HOUR
/** A change that brings out everybody, in per cent. */
const SHOCK = 4.5

/** Assignments for every week of the sessions, none later than the last session's own day. */
export function planArticles(sessions: readonly Session[], random: Random): Assignment[] {
  const end = startOf(sessions.at(-1)!) + DAY
  const weeks = new Map<string, Session[]>()
  for (const session of sessions) {
    const monday = weekOf(session.bar.date)
    weeks.set(monday, [...(weeks.get(monday) ?? []), session])
  }
  return Array.from(weeks.values()).flatMap((week) => {
    const slots = planWeek(week, end, random)
    // A week keeps three scored articles where it can: the score needs as many.
    const unscored = random.chance(slots.length > 3 ? 0.95 : 0.07) ? random.integer(0, slots.length - 1) : -1
    return slots.map((slot, position) => ({ ...slot, isUnscored: position === unscored }))
  })
}

function planWeek(week: Session[], end: number, random: Random): Slot[] {
  const shocks = week
    .filter((session) => Math.abs(session.change) >= SHOCK)
    .flatMap((session) => crowd(session, random.integer(5, 6), end, random))
  if (shocks.length > 0) return [...shocks, ...spread(week, end, random)]
  const kind = random.next()
  if (kind < 0.02) return neighbours(random.pick(week), random)
  return kind < 0.19 ? crowd(random.pick(week), random.integer(3, 5), end, random) : spread(week, end, random)
}

/** Several sources at one instant. */
function crowd(session: Session, count: number, end: number, random: Random): Slot[] {
  const offsets = [AFTER_CLOSE, AFTER_CLOSE + 30 * MINUTE, AFTER_CLOSE + HOUR, DAY, DAY]
  const planned = startOf(session) + random.pick(offsets)
  const instant = planned < end ? planned : startOf(session) + AFTER_CLOSE
  return choose(SOURCES, count, random).map((source) => ({ session, source, instant }))
}

/** Several sources, each a microsecond after the other: apart only for who keeps microseconds. */
function neighbours(session: Session, random: Random): Slot[] {
  const first =
    startOf(session) +
    AFTER_CLOSE +
    random.integer(5, 150) * MINUTE +
    random.integer(0, 59) * SECOND +
    123_456
  return choose(SOURCES, random.integer(3, 5), random).map((source, step) => ({
    session,
    source,
    instant: first + step,
  }))
}

/** Single articles on different days: three in most weeks. */
function spread(week: Session[], end: number, random: Random): Slot[] {
  const count = random.pick([2, 3, 3, 3, 3, 3, 3, 3, 3, 4])
  const sources = choose(SOURCES, count, random)
  const chosen = choose(week, count, random)
  return sources.map((source, position) => {
    const session = chosen[position % chosen.length]!
    return { session, source, instant: timeOf(session, source, end, random) }
  })
}

/** On the evening of the session, the morning after, or the weekend after a week's last session. */
function timeOf(session: Session, source: Source, end: number, random: Random): number {
  const start = startOf(session)
  const evening = start + AFTER_CLOSE + random.integer(5 * MINUTE, 175 * MINUTE)
  const later = start + DAY * (session.isLastOf.week ? random.integer(1, 2) : 1)
  const morning = later + random.integer(5 * HOUR, 12 * HOUR)
  const planned = random.chance(0.4) ? morning : evening
  const dated = source.clock === 'day' ? later : planned - (planned % unitOf(source))
  // Nothing is dated after the last session's day; there a source without times gives one.
  return dated < end ? dated : evening - (evening % SECOND)
}

function unitOf(source: Source): number {
  if (source.clock === 'minute') return MINUTE
  return source.clock === 'second' ? SECOND : 1
}

function startOf(session: Session): number {
  return Date.parse(session.bar.date) * 1000
}

function choose<Item>(items: readonly Item[], count: number, random: Random): Item[] {
  return random.shuffled(items).slice(0, count)
}
