import t from 'tap'
import {
  COMPONENTS,
  LABEL_BANDS,
  labelOf,
  METHOD_VERSION,
  roundScore,
  WINDOWS,
} from '../../../src/score/method.ts'

t.test('the weights are those of the definition and add up to the whole', (t) => {
  t.same(Object.fromEntries(COMPONENTS.map(({ name, weight }) => [name, weight])), {
    momentum: 0.2,
    price_strength: 0.15,
    volume: 0.15,
    volatility: 0.2,
    equity_vs_bonds: 0.15,
    media_sentiment: 0.15,
  })
  t.equal(
    COMPONENTS.reduce((sum, { weightPercent }) => sum + weightPercent, 0),
    100,
  )
  t.ok(COMPONENTS.every(({ weight, weightPercent }) => weight * 100 === weightPercent))
  t.equal(METHOD_VERSION, 1)
  t.equal(WINDOWS.rank, 252)
  t.end()
})

t.test('a definition in words names the numbers that it is computed with', (t) => {
  t.strictSame(
    Object.fromEntries(COMPONENTS.map(({ name, definition }) => [name, definition.match(/\d+/g)])),
    {
      momentum: ['252', '125', '1'],
      price_strength: ['0', '100', '252'],
      volume: ['252', '20'],
      volatility: ['100', '252', '20'],
      equity_vs_bonds: ['252', '20'],
      media_sentiment: ['7', '1', '1', '0', '100', '3'],
    },
  )
  t.end()
})

t.test('labels change where the definition says', (t) => {
  const expected: [score: number, label: string][] = [
    [0, 'extreme_fear'],
    [24.99, 'extreme_fear'],
    [25, 'fear'],
    [44.99, 'fear'],
    [45, 'neutral'],
    [55, 'neutral'],
    [55.01, 'greed'],
    [75, 'greed'],
    [75.01, 'extreme_greed'],
    [100, 'extreme_greed'],
  ]
  for (const [score, label] of expected) t.equal(labelOf(score), label, `${score}`)
  t.end()
})

t.test('a label goes with the two decimals a client sees', (t) => {
  t.equal(labelOf(24.996), 'fear', 'shown as 25')
  t.equal(labelOf(24.994), 'extreme_fear', 'shown as 24.99')
  t.equal(labelOf(55.004), 'neutral', 'shown as 55')
  t.equal(labelOf(75.006), 'extreme_greed', 'shown as 75.01')
  t.end()
})

t.test('the bands cover each score with two decimals once, and labelOf names its band', (t) => {
  const scores = Array.from({ length: 10_001 }, (_, hundredths) => hundredths / 100)
  const misplaced = scores.filter((score) => {
    const bands = LABEL_BANDS.filter(({ from, to }) => score >= from && score <= to)
    return bands.length !== 1 || bands[0]!.name !== labelOf(score)
  })
  t.same(misplaced, [])
  t.equal(LABEL_BANDS.length, 5)
  t.equal(roundScore(12.345678), 12.35)
  t.end()
})
