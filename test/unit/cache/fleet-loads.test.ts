// One load for the fleet, and what becomes of a lock whose holder is slow, has lost it, or has nothing to store.
import t from 'tap'
import { encodeEntry } from '../../../src/cache/entry.ts'
import { LOCK_LIFE_MS, TURN_PATIENCE_MS } from '../../../src/cache/fleet-load.ts'
import { gate } from '../../support/gate.ts'
import { bringing, failing, POLICY, seen, settled, World } from './engine.ts'

/** Two instances, of which the first loads `a` until the test says what it brings. */
async function pair() {
  const world = new World()
  const [one, other] = [await world.open(), await world.open()]
  const load = gate<{ body: Buffer }>()
  const first = seen(one.getOrLoad('a', POLICY, () => load.promise))
  await settled()
  return {
    world,
    one,
    other,
    first,
    end: (body: string) => load.open({ body: Buffer.from(body) }),
    fail: load.fail,
  }
}

t.test('the others wait for what one loads', async (t) => {
  const { world, other, first, end } = await pair()
  const second = seen(other.getOrLoad('a', POLICY, bringing('spare')))
  await world.pass(LOCK_LIFE_MS * 1.5)
  end('body')
  await world.pass(100)
  t.strictSame(await Promise.all([first, second]), ['MISS load: body', 'HIT redis: body'])
})

t.test('nobody waits longer than a turn takes, and who loads for itself stores nothing', async (t) => {
  const { world, other, first, end } = await pair()
  const second = seen(other.getOrLoad('a', POLICY, bringing('own')))
  await world.pass(TURN_PATIENCE_MS + 50)
  t.equal(await second, 'MISS load: own')
  t.equal(world.redis.get('a'), null)
  end('body')
  t.equal(await first, 'MISS load: body')
  await settled()
  t.equal(await seen((await world.open()).getOrLoad('a', POLICY, failing)), 'HIT redis: body')
})

t.test('a load that fails gives its lock back at once', async (t) => {
  const { world, other, first, fail } = await pair()
  fail(new Error('no data'))
  await t.rejects(first)
  await settled()
  const second = seen(other.getOrLoad('a', POLICY, bringing('body')))
  await settled()
  t.equal(await second, 'MISS load: body', 'with no time passing')
  t.not(world.redis.get('a'), null)
})

t.test('who has lost the lock stores nothing over what was loaded since', async (t) => {
  const { world, one, first, end } = await pair()
  world.redis.flush()
  const third = await world.open()
  t.equal(await seen(third.getOrLoad('a', POLICY, bringing('newer'))), 'MISS load: newer')
  await settled()
  end('older')
  t.equal(await first, 'MISS load: older')
  await settled()
  t.equal(await seen((await world.open()).getOrLoad('a', POLICY, failing)), 'HIT redis: newer')
  await one.close()
})

t.test(
  'what few ask for is neither looked for in Redis nor stored there, until it is missed again',
  async (t) => {
    const world = new World()
    const rare = { ...POLICY, isRare: true }
    const cache = await world.open({ memoryMaxBytes: 0 })
    t.equal(await seen(cache.getOrLoad('page', rare, bringing('first'))), 'MISS load: first')
    await settled()
    t.equal(world.redis.get('page'), null)
    t.equal(await seen(cache.getOrLoad('page', rare, bringing('second'))), 'MISS load: second')
    await settled()
    t.equal(await seen(cache.getOrLoad('page', rare, failing)), 'HIT redis: second')
  },
)

t.test('an entry that no clear has reached, but that is too old to be answered, is a miss', async (t) => {
  const world = new World()
  const first = await world.open({ staleSeconds: 0 })
  const { entry } = await first.getOrLoad('a', POLICY, bringing('old'))
  await settled()
  await first.close()
  world.sleep(entry.staleUntil - world.time.now() - 1)
  const cache = await world.open()
  t.not(await cache.get('a'), null)
  world.sleep(1)
  // As a Redis whose clock is slow would still have it.
  const remote = world.remote()
  const envelope = encodeEntry(entry)
  const late = await world.open({ redis: { ...remote, get: () => Promise.resolve(envelope) } })
  t.equal(await late.get('a'), null)
})
