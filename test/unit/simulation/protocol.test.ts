// The engine's first promise in simulated worlds (see docs/caching.md). One of them alone, with all that happens in it:
// SEED=27 npm test -- test/unit/simulation/protocol.test.ts
import t from 'tap'
import { addUp, storyOf, type Totals } from './report.ts'
import { runWorlds, World } from './simulate.ts'
import { sizeOf } from '../../support/sizes.ts'

const WORLDS = sizeOf('WORLDS')
/** The worlds that the figures below are of. */
const ALL = 500
/** So many stories of broken promises are told; one is usually enough. */
const MOST_STORIES = 3

/**
 * What has to have happened at least, or the worlds would prove nothing. Excused answers come in lumps, from one world in five: of fewer than 130
 * worlds they may be too few.
 */
const PLENTY: Totals = {
  HIT: 200_000,
  MISS: 50_000,
  STALE: 10_000,
  BYPASS: 5000,
  failed: 2000,
  excused: 2000,
  reads: 300_000,
  clears: 3000,
  pending: 500,
  soft: 2000,
  loads: 40_000,
  pause: 200,
  crash: 200,
  leave: 200,
  'log cut off': 200,
  'log hung': 200,
  'log down': 200,
  failover: 200,
  'zone lost': 200,
  'clears lost': 500,
  'Redis cut off': 200,
  'Redis hung': 200,
  'Redis down': 200,
  'Redis flushed': 200,
  'Redis rolled back': 200,
  'loads slow': 200,
  'loads failing': 200,
}

function* worlds(count: number): Generator<World> {
  for (let seed = 1; seed <= count; seed++) yield new World(seed)
}

const { SEED } = process.env

if (SEED === undefined) {
  t.test(`${WORLDS} worlds, and no promise broken in any`, async (t) => {
    const totals: Totals = {}
    const broken: number[] = []
    const began = performance.now()
    await runWorlds(worlds(WORLDS), (world) => {
      addUp(totals, world)
      if (world.checker.violation !== null) broken.push(world.seed)
      return broken.length === MOST_STORIES
    })
    for (const seed of broken) t.fail(await storyOf(seed))
    t.comment(`in ${Math.round((performance.now() - began) / 1000)} s:`, totals)
    for (const [name, least] of Object.entries(PLENTY))
      t.ok(totals[name]! >= (least * WORLDS) / ALL, `${name}: ${totals[name]}, at least ${least} in ${ALL}`)
  })

  t.test('a seed makes the same world each time', async (t) => {
    for (const seed of [7, 8, 9])
      t.equal(await storyOf(seed, {}, Infinity), await storyOf(seed, {}, Infinity))
  })
} else {
  t.test(`the world of seed ${SEED}`, async (t) => {
    const story = await storyOf(Number(SEED), {}, 400)
    t.comment(story)
    t.match(story, 'no promise broken')
  })
}
