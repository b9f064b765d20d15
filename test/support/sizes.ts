// How long the long tests are: a size for each commit, and the full one of `npm run soak`. A variable of that name sets any other.

interface Size {
  commit: number
  soak: number
  /** The test it is of, and what is counted. */
  file: string
  counts: string
}

export const SIZES = {
  WORLDS: {
    commit: 140,
    soak: 500,
    file: 'test/unit/simulation/protocol.test.ts',
    counts: 'simulated worlds',
  },
  MUTATION_WORLDS: {
    commit: 2,
    soak: 8,
    file: 'test/unit/simulation/mutations.test.ts',
    counts: 'worlds in which each mechanism, put back, is enough',
  },
  CLEAR_ROUNDS: {
    commit: 120,
    soak: 1000,
    file: 'test/faults/process/no-resurrection.test.ts',
    counts: 'clears under load that hold everywhere',
  },
  ANALYSIS_ROUNDS: {
    commit: 3,
    soak: 50,
    file: 'test/faults/analyses/one-call.test.ts',
    counts: 'texts that a fleet asks for at once',
  },
  MIXED_ANALYSES: {
    commit: 250,
    soak: 10_000,
    file: 'test/faults/analyses/money.test.ts',
    counts: 'analyses with restarts and kills in between',
  },
  LOAD_ROUNDS: { commit: 6, soak: 100, file: 'test/faults/process/one-load.test.ts', counts: 'cold keys' },
  SECONDS: {
    commit: 10,
    soak: 300,
    file: 'test/faults/process/data-in-motion.test.ts',
    counts: 'seconds of data in motion',
  },
  CHANGES: {
    commit: 50,
    soak: 1000,
    file: 'test/faults/process/changes.test.ts',
    counts: 'changes by plain SQL',
  },
  FILLER_KEYS: {
    commit: 20_000,
    soak: 100_000,
    file: 'test/faults/process/clears-under-faults.test.ts',
    counts: 'keys of a sweep that others clear under',
  },
  REDIS_AWAY_SECONDS: {
    commit: 5,
    soak: 30,
    file: 'test/faults/cache/redis-faults-long.test.ts',
    counts: 'seconds for which Redis is stopped',
  },
  REDIS_FLAPS: {
    commit: 4,
    soak: 30,
    file: 'test/faults/cache/redis-faults-long.test.ts',
    counts: 'times that Redis goes and comes',
  },
  BURSTS: {
    commit: 2,
    soak: 5,
    file: 'test/faults/http/database-faults.test.ts',
    counts: 'bursts of a thousand requests at a PostgreSQL that answers none',
  },
  FAULT_READS: {
    commit: 150,
    soak: 500,
    file: 'test/faults/cache/redis-faults-under-load.test.ts',
    counts: 'reads under each fault of Redis',
  },
  BOOT_READS: {
    commit: 150,
    soak: 500,
    file: 'test/faults/cache/redis-faults-at-boot.test.ts',
    counts: 'reads of instances that start without Redis',
  },
  KEYS: {
    commit: 100_000,
    soak: 1_000_000,
    file: 'test/service/cache/bounded.test.ts',
    counts: 'distinct keys',
  },
  FUZZED: {
    commit: 1000,
    soak: 10_000,
    file: 'test/service/openapi/fuzz.test.ts',
    counts: 'fuzzed requests',
  },
  INGESTED_MB: {
    commit: 150,
    soak: 400,
    file: 'test/service/ingest/memory.test.ts',
    counts: 'megabytes of articles sent, twice',
  },
  LOADED_MB: {
    commit: 110,
    soak: 400,
    file: 'test/service/loading/memory.test.ts',
    counts: 'megabytes of articles in a file',
  },
} satisfies Record<string, Size>

/** @throws Error for a variable that is no whole number over 0. */
export function sizeOf(name: keyof typeof SIZES): number {
  const { [name]: given, SOAK } = process.env
  if (!given) return SIZES[name][SOAK === '1' ? 'soak' : 'commit']
  if (!/^[1-9]\d{0,8}$/.test(given)) throw new Error(`${name}=${given}: a whole number over 0 is needed`)
  return Number(given)
}
