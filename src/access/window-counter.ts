// Counts events by key within fixed windows of time, in bounded memory.
import { LRUCache } from 'lru-cache'

interface Window {
  count: number
  endsAt: number
}

export class WindowCounter {
  readonly #windows: LRUCache<string, Window>
  readonly #windowMs: number
  readonly #now: () => number

  /** @param maxKeys beyond them, the key that was quiet longest is forgotten. */
  constructor(windowMs: number, maxKeys: number, now: () => number = () => performance.now()) {
    this.#windows = new LRUCache({ max: maxKeys })
    this.#windowMs = windowMs
    this.#now = now
  }

  get size(): number {
    return this.#windows.size
  }

  /** Counts one event: the how-manieth it is of the key's window, which began with the first, and in how many milliseconds that ends. */
  count(key: string): { count: number; endsInMs: number } {
    const now = this.#now()
    let window = this.#windows.get(key)
    if (window === undefined || window.endsAt <= now) {
      window = { count: 0, endsAt: now + this.#windowMs }
      this.#windows.set(key, window)
    }
    window.count++
    return { count: window.count, endsInMs: window.endsAt - now }
  }
}
