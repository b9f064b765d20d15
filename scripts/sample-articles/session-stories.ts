// Writers on the session itself: close, volume, range, streaks and extremes.
import { percent } from './sessions.ts'
import type { Writer } from './story.ts'
import { bySign, fullDate, isFlat, level, moveVerb, ordinal, size, volumeFigure, weekday } from './wording.ts'

export const writeClose: Writer = ({ bar, previousClose, change, points }, random) => {
  const close = level(bar.close)
  const day = weekday(bar.date)
  if (isFlat(change)) {
    return {
      title: random.pick([
        `S&P 500 little changed at ${close}`,
        `Flat finish for S&P 500 at ${close}`,
        `S&P 500 ends ${day} where it began, at ${close}`,
      ]),
      lead: `The S&P 500 was little changed on ${day} and closed at ${close}.`,
      detail: `The index closed at ${close} on ${fullDate(bar.date)}, after ${level(previousClose)} the session before.`,
      tone: change,
    }
  }
  const verb = moveVerb(change, random)
  return {
    title: random.pick([
      `S&P 500 ${verb.present} ${size(change)} to ${close}`,
      `S&P 500 closes ${size(change)} ${bySign(change, 'higher', 'lower')} at ${close}`,
      `S&P 500 ${bySign(change, 'gains', 'loses')} ${level(Math.abs(points))} points to ${close}`,
      `${day}'s close: S&P 500 ${bySign(change, 'up', 'down')} ${size(change)} at ${close}`,
    ]),
    lead: `The S&P 500 ${verb.past} ${size(change)} on ${day} to close at ${close}.`,
    detail: `At ${close} the index was ${level(Math.abs(points))} points ${bySign(change, 'above', 'below')} the previous close of ${level(previousClose)}.`,
    tone: change,
  }
}

export const writeVolume: Writer = ({ bar, change, averageVolume }, random) => {
  if (averageVolume === null) return null
  const volumeExcess = percent(bar.volume, averageVolume)
  if (isFlat(volumeExcess)) return null
  const side = bySign(volumeExcess, 'above', 'below')
  const excess = size(volumeExcess)
  const aside = isFlat(change)
    ? 'as S&P 500 treads water'
    : `as S&P 500 ${moveVerb(change, random).present} ${size(change)}`
  const heavy = bySign(volumeExcess, 'Heavy', 'Thin')
  return {
    title: random.pick([
      `Trading volume ${excess} ${side} its 20-session average ${aside}`,
      `Volume at ${volumeFigure(bar.volume)} ${aside}`,
      Math.abs(volumeExcess) > 15 ? `${heavy} trading ${aside}` : `Volume close to its monthly norm ${aside}`,
    ]),
    lead: `Volume came to ${volumeFigure(bar.volume)} on ${weekday(bar.date)}, ${excess} ${side} its 20-session average.`,
    detail: `The 20 sessions before had an average volume of ${volumeFigure(averageVolume)}.`,
    tone: change,
  }
}

export const writeRange: Writer = ({ bar, change }, random) => {
  const range = percent(bar.high, bar.low)
  if (isFlat(range)) return null
  const [low, high] = [level(bar.low), level(bar.high)]
  const mood = range >= 2 ? 'Wide swings' : range <= 0.6 ? 'A narrow session' : 'An even session'
  const place = (bar.close - bar.low) / (bar.high - bar.low)
  const where = place >= 0.7 ? 'near its high' : place <= 0.3 ? 'near its low' : 'in mid-range'
  return {
    title: random.pick([
      `S&P 500 trades between ${low} and ${high}`,
      `${mood}: ${size(range)} between S&P 500's low and high`,
      `S&P 500 ends ${weekday(bar.date)} ${where} after a ${size(range)} range`,
    ]),
    lead: `The S&P 500 moved between ${low} and ${high} on ${weekday(bar.date)} and finished ${where}.`,
    detail: `The day's high lay ${size(range)} above its low.`,
    tone: change / 2 + (place - 0.5),
  }
}

export const writeStreak: Writer = ({ bar, streak, change }, random) => {
  const count = ordinal(streak.length)
  if (count === null || isFlat(streak.change) || change === 0) return null
  const kind = bySign(change, 'gain', 'loss')
  return {
    title: random.pick([
      `S&P 500 ${bySign(change, 'rises', 'falls')} for a ${count} session in a row`,
      `${bySign(change, 'Winning', 'Losing')} streak of S&P 500 reaches ${streak.length} sessions`,
      `A ${count} straight ${kind} takes S&P 500 to ${level(bar.close)}`,
    ]),
    lead: `${weekday(bar.date)}'s ${kind} was the ${count} in a row for the S&P 500.`,
    detail: `Over ${streak.length} sessions in one direction the index has ${bySign(change, 'gained', 'lost')} ${size(streak.change)}.`,
    tone: streak.change,
  }
}

export const writeYearExtreme: Writer = ({ bar, year }, random) => {
  if (year === null) return null
  const isHigh = bar.close > year.highest
  if (!isHigh && bar.close >= year.lowest) return null
  const kind = isHigh ? 'high' : 'low'
  const former = level(isHigh ? year.highest : year.lowest)
  return {
    title: random.pick([
      `S&P 500 sets a new 52-week closing ${kind} at ${level(bar.close)}`,
      `New 52-week ${kind} for S&P 500 at the close`,
      `S&P 500 closes at its ${isHigh ? 'highest' : 'lowest'} in 52 weeks`,
    ]),
    lead: `The S&P 500 closed at ${level(bar.close)}, ${isHigh ? 'above' : 'below'} every close of the 52 weeks before.`,
    detail: `The former 52-week closing ${kind} was ${former}.`,
    tone: isHigh ? 1.5 : -2,
  }
}

export const writeLargestMove: Writer = ({ bar, change, largestSince }, random) => {
  if (largestSince === null || Math.abs(change) < 1) return null
  const since = fullDate(largestSince.date)
  const kind = bySign(change, 'rise', 'fall')
  return {
    title: random.pick([
      `${bySign(change, 'Strongest', 'Steepest')} one-day ${kind} of S&P 500 since ${since}`,
      `S&P 500 sees its largest one-day ${kind} since ${since}`,
    ]),
    lead: `${weekday(bar.date)}'s ${kind} of ${size(change)} was the largest since ${since}.`,
    detail: `The index had gone ${largestSince.sessions} sessions without a ${kind} as large.`,
    tone: change,
  }
}
