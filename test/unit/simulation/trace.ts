// What happened in a world, in words, kept only where somebody will read it: a world that broke a promise is run a second time for it.

/** @param key null for what concerns all keys. */
export type Note = (key: string | null, text: () => string) => void

interface Line {
  at: number
  key: string | null
  text: string
}

export class Trace {
  readonly #now: () => number
  readonly #lines: Line[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  readonly note: Note = (key, text) => void this.#lines.push({ at: this.#now(), key, text: text() })

  /** The last lines about one key, and about all; what happens several times at once is told once. */
  tail(key: string | null, count: number): string[] {
    const lines = this.#lines
      .filter((line) => line.key === null || line.key === key)
      .map(({ at, text }) => `${at.toFixed(1).padStart(9)} ${text}`)
    return [...new Set(lines)].slice(-count)
  }
}
