// The sample's articles, one JSON object a line: made up, but every figure in them is that of the bars.
import { compose } from './article.ts'
import { seededRandom, type Random } from './random.ts'
import {
  writeClose,
  writeLargestMove,
  writeRange,
  writeStreak,
  writeVolume,
  writeYearExtreme,
} from './session-stories.ts'
import { describeSessions, readBars, type Session } from './sessions.ts'
import type { Story, Writer } from './story.ts'
import { planArticles } from './timetable.ts'
import {
  writeAverage,
  writeDailyMove,
  writeDrawdown,
  writeMonth,
  writeRisingSessions,
  writeWeek,
  writeYear,
} from './trend-stories.ts'

const SEED = 20_000_103
/** The news of a session; what is not there on most days comes first, so that it is not lost. */
const EVENTS: readonly Writer[] = [writeLargestMove, writeYearExtreme, writeWeek, writeStreak]
const ROUTINE: readonly Writer[] = [
  writeClose,
  writeClose,
  writeVolume,
  writeRange,
  writeMonth,
  writeYear,
  writeAverage,
  writeDrawdown,
  writeDailyMove,
  writeRisingSessions,
]

/**
 * About 3,600 articles over the sessions of a CSV of daily bars, ascending by `published_at`. The same bars give the same bytes.
 *
 * @returns NDJSON, with a newline at the end.
 */
export function generateSampleArticles(csv: string | Buffer): string {
  const random = seededRandom(SEED)
  const plan = planArticles(describeSessions(readBars(csv)), random)
  const desks = new Map<string, Desk>()
  const drafts = plan.map((assignment) => {
    const date = assignment.session.bar.date
    const desk = desks.get(date) ?? openDesk(assignment.session, random)
    desks.set(date, desk)
    return { assignment, ...desk.nextStory() }
  })
  const counters = new Map<string, number>()
  return drafts
    .sort((one, other) => one.assignment.instant - other.assignment.instant)
    .map(({ assignment, story, background }) => {
      const number = (counters.get(assignment.source.code) ?? 0) + 1
      counters.set(assignment.source.code, number)
      return `${JSON.stringify(compose(assignment, story, background, number, random))}\n`
    })
    .join('')
}

interface Desk {
  nextStory(): { story: Story; background: string[] }
}

/** Hands out the stories of one session, each subject once before any comes again. */
function openDesk(session: Session, random: Random): Desk {
  const order = [...random.shuffled(EVENTS), ...new Set(random.shuffled(ROUTINE))]
  const writers = order.filter((writer) => writer(session, random) !== null)
  let handedOut = 0
  return {
    nextStory() {
      const writer = writers[handedOut % writers.length]!
      handedOut += 1
      const others = random.shuffled(writers.filter((other) => other !== writer))
      return {
        story: writer(session, random)!,
        background: others.slice(0, 2).map((other) => other(session, random)!.detail),
      }
    },
  }
}
