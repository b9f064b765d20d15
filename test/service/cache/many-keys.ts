// A program: a cache that is asked for a million keys, each once. Prints what it took, as JSON. A process of its own, so that what is resident is
// the cache's alone, and nothing that a test runner hooks into each promise slows it down.
import v8 from 'node:v8'
import vm from 'node:vm'
import { openLife, POLICY } from '../../support/life.ts'

const AT_ONCE = 500
const BODY = 'x'.repeat(300)
v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc') as () => void

export interface ManyKeysPlan {
  database: string
  redisPort: number
  keys: number
  /** One in so many is a date; the others are cursors. */
  dateEvery: number
  measuredEvery: number
  memoryMaxBytes: number
}

/** After each `measuredEvery` keys, in bytes. */
export interface ManyKeysResult {
  resident: number[]
  inMemory: number[]
  notMissed: number
}

async function ask(plan: ManyKeysPlan): Promise<ManyKeysResult> {
  const { database, redisPort, keys, dateEvery, measuredEvery, memoryMaxBytes } = plan
  const { cache, end } = await openLife({
    database,
    redis: { port: redisPort },
    prefix: 'many',
    memoryMaxBytes,
  })
  const result: ManyKeysResult = { resident: [], inMemory: [], notMissed: 0 }
  let next = 0
  const work = async (until: number): Promise<void> => {
    while (next < until) {
      const index = next++
      const isRare = index % dateEvery !== 0
      const key = isRare ? `media:list:cursor=${index}&limit=20` : `volume:list:from=${index}`
      const { outcome } = await cache.getOrLoad(key, { ...POLICY, isRare }, async () => {
        // As a database does, it leaves room for what else comes in.
        await new Promise(setImmediate)
        return { body: Buffer.from(`${index}${BODY}`) }
      })
      if (outcome !== 'MISS') result.notMissed++
    }
  }
  for (let until = measuredEvery; until <= keys; until += measuredEvery) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => work(until)))
    result.resident.push(await residentBytes())
    result.inMemory.push((await cache.stats()).memory_cache_bytes)
  }
  await end()
  return result
}

/** Without what is garbage already: buffers and pages are given back behind a collection's back. */
async function residentBytes(): Promise<number> {
  let least = Infinity
  for (let round = 0; round < 4; round++) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 25))
    least = Math.min(least, process.memoryUsage().rss)
  }
  return least
}

console.log(JSON.stringify(await ask(JSON.parse(process.argv[2] ?? '') as ManyKeysPlan)))
