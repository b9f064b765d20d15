// Each mechanism of the protocol taken out, and a world found in which a promise is broken without it: none of them is there for nothing, and the
// simulation would notice.
import t from 'tap'
import { MUTATIONS, WITHOUT_LOCK, type Mutation } from './mutations.ts'
import { storyOf } from './report.ts'
import { runWorlds, World } from './simulate.ts'
import { sizeOf } from '../../support/sizes.ts'

const MOST_WORLDS = 120

function* worlds({ faults, alter }: Mutation, count: number): Generator<World> {
  for (let seed = 1; seed <= count; seed++) yield new World(seed, { faults, ...(alter && { alter }) })
}

/** A world that breaks a promise. */
async function broken(mutation: Mutation, count: number): Promise<World | null> {
  let found: World | null = null as World | null
  await runWorlds(worlds(mutation, count), (world) => {
    if (world.checker.violation !== null) found = world
    return found !== null
  })
  return found
}

for (const [name, mutation] of Object.entries(MUTATIONS)) {
  t.test(`taken out: ${name}`, async (t) => {
    const undo = mutation.patch?.()
    t.teardown(() => undo?.())
    const world = await broken(mutation, MOST_WORLDS)
    t.ok(world, `a promise is broken in one of ${MOST_WORLDS} worlds`)
    t.comment(`seed ${world?.seed}: ${world?.checker.violation?.text}`)
  })
}

t.test('put back, no promise is broken in the same worlds', async (t) => {
  for (const { faults } of Object.values(MUTATIONS)) {
    const world = await broken({ faults }, sizeOf('MUTATION_WORLDS'))
    t.notOk(world, world === null ? faults.join(', ') : await storyOf(world.seed, { faults }))
  }
})

t.test('without the lock in Redis instances load more often, and break no promise', async (t) => {
  const world = await broken(WITHOUT_LOCK, 5 * sizeOf('MUTATION_WORLDS'))
  t.equal(world, null)
})
