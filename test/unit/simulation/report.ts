// What came of simulated worlds: figures of all of them, and the story of one that broke a promise.
import { runWorlds, World, type WorldOptions } from './simulate.ts'

export type Totals = Record<string, number>

/** Adds a world's figures: what clients saw, and what went wrong. */
export function addUp(totals: Totals, { checker, clients, faults, loads }: World): void {
  const figures = { ...checker.outcomes, excused: checker.excused, ...clients.counts, loads: loads.length }
  for (const [name, count] of Object.entries({ worlds: 1, ...figures, ...faults.counts }))
    totals[name] = (totals[name] ?? 0) + count
}

/** Runs a world once more, and tells what happened to the key in question before a promise was broken, if one is. */
export async function storyOf(seed: number, options: WorldOptions = {}, lines = 60): Promise<string> {
  const world = new World(seed, { ...options, isTraced: true })
  await runWorlds([world], () => true)
  const { violation } = world.checker
  const title = `seed ${seed}: ${violation?.text ?? 'no promise broken'}`
  return [title, ...world.trace.tail(violation?.key ?? null, lines)].join('\n')
}
