import t from 'tap'
import { scoreHistory, type ScoreInput } from '../../../src/score/history.ts'
import { COMPONENTS, labelOf } from '../../../src/score/method.ts'
import { makeBonds, makeSentiment, readSampleBars } from './sample-bars.ts'

const bars = readSampleBars()
const inputs: ScoreInput[] = [
  { bars },
  { bars, bonds: makeBonds(bars.dates) },
  { bars, sentiment: makeSentiment(bars.dates) },
  { bars, bonds: makeBonds(bars.dates), sentiment: makeSentiment(bars.dates) },
]

t.test('each score is the mean of the components that exist, by renormalised weights', (t) => {
  const wrong = inputs.flatMap(scoreHistory).filter(({ score, label, coverage, components }) => {
    const existing = COMPONENTS.filter(({ name }) => components[name] !== null)
    const weights = existing.reduce((sum, { weight }) => sum + weight, 0)
    const mean = existing.reduce((sum, { name, weight }) => sum + weight * components[name]!, 0) / weights
    // The published components are rounded, the score is made of what they were before.
    const isMean = Math.abs(score - mean) < 0.011
    return !isMean || Math.abs(coverage - weights) > 1e-9 || coverage < 0.5 || label !== labelOf(score)
  })
  t.same(wrong, [])
  t.end()
})

t.test('the mean is taken before rounding', (t) => {
  const differing = scoreHistory({ bars }).filter(({ score, components, coverage }) => {
    const ofRounded =
      COMPONENTS.reduce((sum, { name, weight }) => sum + weight * (components[name] ?? 0), 0) / coverage
    return Math.abs(score - ofRounded) > 0.005 + 1e-9
  })
  t.ok(differing.length > 0, 'some scores cannot come from rounded components')
  t.end()
})

t.test('coverage is exact in whole per cents', (t) => {
  const coverages = new Set(inputs.flatMap(scoreHistory).map(({ coverage }) => coverage))
  t.same(
    Array.from(coverages).sort((one, other) => one - other),
    [0.5, 0.65, 0.7, 0.8, 0.85, 1],
  )
  t.end()
})
