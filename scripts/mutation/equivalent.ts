// Mutants that no test can kill, as what they make of the code does the same.

interface Equivalent {
  file: string
  /** The whole line on which the mutant begins, as it is. */
  line: string
  /** What stands there in place of a part of it. */
  becomes: string
  because: string
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'src/cache/clear-history.ts',
    line: 'const NO_TAGS: readonly string[] = []',
    becomes: '["Stryker was here"]',
    because: 'no clear is by this tag',
  },
  {
    file: 'src/cache/clear-history.ts',
    line: 'this.#clears = []',
    becomes: '["Stryker was here"]',
    because: 'it has no position above the floor, so the next statement but two drops it',
  },
  {
    file: 'src/cache/clear-history.ts',
    line: 'this.#clears = this.#clears.filter((clear) => clear.seq > this.#floor)',
    becomes: 'clear.seq >= this.#floor',
    because: 'whatever has not seen a clear at the floor is dead by the floor itself',
  },
  {
    file: 'src/cache/clear-history.ts',
    line: 'const clear = known({ ...selector, seq: ++this.#owedSeen, soft: false })',
    becomes: 'true',
    because: 'of what is owed nobody reads whether it is soft',
  },
  {
    file: 'src/cache/clear-history.ts',
    line: 'if (clear === undefined || clear.seq <= validThrough) break',
    becomes: 'false',
    because: 'an index within the list has a clear; it is asked for the type',
  },
  {
    file: 'src/pagination/cursor.ts',
    line: "list.keys.every((key, index) => isKeyText(key.kind, payload.k[index] ?? ''))",
    becomes: '"Stryker was here!"',
    because: 'there are as many texts as keys by then; it is asked for the type',
  },
  {
    file: 'src/pagination/cursor.ts',
    line: '} catch {',
    becomes: '{}',
    because: 'then there is no payload, which the next check refuses in the same words',
  },
  {
    file: 'src/pagination/cursor.ts',
    line: 'if (latest?.filters !== filters) {',
    becomes: 'true',
    because: 'made anew the fingerprint is the same; keeping it saves time',
  },
]
