// Writers on what lies around a session: week, month, year, averages and the mood of the last weeks.
import { percent } from './sessions.ts'
import type { Writer } from './story.ts'
import { bySign, isFlat, level, month, moveVerb, size, weekday } from './wording.ts'

export const writeWeek: Writer = ({ bar, before, isLastOf }, random) => {
  if (!isLastOf.week || before.week === null) return null
  const change = percent(bar.close, before.week)
  if (isFlat(change)) return null
  const verb = moveVerb(change / 2, random)
  return {
    title: random.pick([
      `S&P 500 ends the week ${size(change)} ${bySign(change, 'higher', 'lower')}`,
      `Week in review: S&P 500 ${verb.present} ${size(change)}`,
      `Weekly ${bySign(change, 'gain', 'loss')} of ${size(change)} leaves S&P 500 at ${level(bar.close)}`,
    ]),
    lead: `Over the week the S&P 500 ${verb.past} ${size(change)} to ${level(bar.close)}.`,
    detail: `A week before, the index had closed at ${level(before.week)}.`,
    tone: change / 2,
  }
}

export const writeMonth: Writer = ({ bar, before, isLastOf }, random) => {
  if (before.month === null) return null
  const change = percent(bar.close, before.month)
  const name = month(bar.date)
  if (isFlat(change)) return null
  const direction = bySign(change, 'higher', 'lower')
  return {
    title: isLastOf.month
      ? random.pick([
          `S&P 500 ends ${name} ${size(change)} ${direction}`,
          `${name} closes with a ${size(change)} ${bySign(change, 'gain', 'loss')} for S&P 500`,
        ])
      : random.pick([
          `S&P 500 ${size(change)} ${direction} so far in ${name}`,
          `Month to date: S&P 500 ${bySign(change, 'up', 'down')} ${size(change)}`,
        ]),
    lead: isLastOf.month
      ? `${name} took the S&P 500 from ${level(before.month)} to ${level(bar.close)}.`
      : `Since the end of the previous month the S&P 500 has ${bySign(change, 'gained', 'lost')} ${size(change)}.`,
    detail: `The month began from a close of ${level(before.month)}.`,
    tone: change / 3,
  }
}

export const writeYear: Writer = ({ bar, before, isLastOf }, random) => {
  if (before.year === null) return null
  const change = percent(bar.close, before.year)
  if (isFlat(change)) return null
  const year = bar.date.slice(0, 4)
  const direction = bySign(change, 'up', 'down')
  return {
    title: isLastOf.year
      ? `S&P 500 ends ${year} ${size(change)} ${bySign(change, 'higher', 'lower')}`
      : random.pick([
          `S&P 500 ${direction} ${size(change)} for the year`,
          `Year to date: S&P 500 ${bySign(change, 'gains', 'losses')} stand at ${size(change)}`,
        ]),
    lead: isLastOf.year
      ? `In ${year} the S&P 500 ${bySign(change, 'gained', 'lost')} ${size(change)}.`
      : `Since the start of the year the S&P 500 has ${bySign(change, 'gained', 'lost')} ${size(change)}.`,
    detail: `The index had ended ${Number(year) - 1} at ${level(before.year)}.`,
    tone: change / 8,
  }
}

export const writeAverage: Writer = ({ bar, average }, random) => {
  if (average === null) return null
  const distance = percent(bar.close, average.level)
  if (isFlat(distance)) return null
  const { crossed } = average
  const side = bySign(distance, 'above', 'below')
  return {
    title: crossed
      ? random.pick([
          `S&P 500 ${bySign(distance, 'climbs back above', 'falls below')} its 125-session average`,
          `S&P 500 crosses its 125-session average from ${bySign(distance, 'below', 'above')}`,
        ])
      : random.pick([
          `S&P 500 stands ${size(distance)} ${side} its 125-session average`,
          `At ${level(bar.close)}, S&P 500 is ${size(distance)} ${side} its 125-session average`,
        ]),
    lead: crossed
      ? `${weekday(bar.date)}'s close of ${level(bar.close)} put the S&P 500 ${side} its 125-session average.`
      : `At ${level(bar.close)} the S&P 500 is ${size(distance)} ${side} its average of 125 sessions.`,
    detail: `The 125-session average stands at ${level(average.level)}.`,
    tone: crossed ? Math.sign(distance) : distance / 5,
  }
}

export const writeDrawdown: Writer = ({ bar, year }, random) => {
  if (year === null) return null
  const distance = percent(bar.close, year.highest)
  const rebound = percent(bar.close, year.lowest)
  if (distance > -2 || rebound < 0) return null
  return {
    title: random.pick([
      `S&P 500 ${size(distance)} below its 52-week high`,
      `52-week marks: S&P 500 ${size(distance)} below the high, ${size(rebound)} above the low`,
    ]),
    lead: `The close of ${level(bar.close)} is ${size(distance)} below the highest of the 52 weeks before, ${level(year.highest)}.`,
    detail: `The lowest close of the 52 weeks before was ${level(year.lowest)}.`,
    tone: distance / 8,
  }
}

export const writeDailyMove: Writer = ({ dailyMove }, random) => {
  if (dailyMove === null) return null
  const { recent, before } = dailyMove
  const difference = recent - before
  if (isFlat(difference) || isFlat(recent) || size(recent) === size(before)) return null
  const verb = bySign(difference, 'widen', 'narrow')
  return {
    title: random.pick([
      `Daily moves of S&P 500 ${verb} to ${size(recent)} on average`,
      `${bySign(difference, 'Rougher', 'Calmer')} month: average move of S&P 500 at ${size(recent)}`,
    ]),
    lead: `Over 20 sessions the S&P 500 moved ${size(recent)} a day on average.`,
    detail: `Within 40 sessions the average daily move has gone from ${size(before)} to ${size(recent)}.`,
    tone: -2 * difference,
  }
}

export const writeRisingSessions: Writer = ({ last20 }, random) => {
  // A count of one would need another grammar; with so few it happens once in a decade.
  if (last20 === null || last20.rising < 2) return null
  const { rising, from } = last20
  return {
    title: random.pick([
      `${rising} of the last 20 sessions ended higher for S&P 500`,
      `Ups and downs: ${rising} gains in 20 sessions for S&P 500`,
    ]),
    lead: `The S&P 500 closed higher than the day before in ${rising} of the last 20 sessions.`,
    detail: `Twenty sessions earlier the index had closed at ${level(from)}.`,
    tone: (rising - 10) / 3,
  }
}
