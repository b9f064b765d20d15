// The doorkeeper knows a key for as long as a hundred thousand others take to come, and not for ever: its memory has a bound.
import t from 'tap'
import { Doorkeeper } from '../../../src/cache/doorkeeper.ts'

const KEYS_A_GENERATION = 100_000

/** Of a generation, after the first. */
function* keys(generation: number, count = KEYS_A_GENERATION): Generator<string> {
  for (let index = 0; index < count; index++) yield `media:list:cursor=${generation}-${index}`
}

/** How many of these it lets in. */
function admitted(doorkeeper: Doorkeeper, asked: Iterable<string>): number {
  let count = 0
  for (const key of asked) if (doorkeeper.admits(key)) count++
  return count
}

t.test('a key is let in when it comes again', (t) => {
  const doorkeeper = new Doorkeeper()
  t.equal(doorkeeper.admits('a'), false)
  t.equal(doorkeeper.admits('b'), false)
  t.equal(doorkeeper.admits('a'), true)
  t.equal(doorkeeper.admits('a'), true)
  t.end()
})

t.test('it is known through one generation of others, and forgotten after two', (t) => {
  const doorkeeper = new Doorkeeper()
  // A few are taken for others that came before, and do not count.
  admitted(doorkeeper, keys(0, KEYS_A_GENERATION * 1.01))
  t.equal(admitted(doorkeeper, keys(0, 1000)), 1000, 'of the generation before')
  const strangers = new Doorkeeper()
  for (const generation of [0, 1, 2]) admitted(strangers, keys(generation))
  const known = admitted(strangers, keys(0, 1000))
  t.ok(known < 50, `${known} of 1000 keys of two generations ago, taken for others`)
  t.end()
})

t.test('few keys are taken for others, however many have come', (t) => {
  const doorkeeper = new Doorkeeper()
  for (const generation of [0, 1, 2, 3]) {
    const taken = admitted(doorkeeper, keys(generation))
    t.ok(taken < KEYS_A_GENERATION * 0.03, `generation ${generation}: ${taken} of ${KEYS_A_GENERATION}`)
  }
  t.end()
})
