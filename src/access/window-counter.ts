// Counts events by key within fixed windows of time, in bounded memory.
import { LRUCache } from 'lru-cache'
import type { Time } from '../time/time.ts'

interface Window {
  count: number
  endsAt: number
}

export class WindowCounter {
  readonly #windows: LRUCache<string, Window>
  readonly #windowMs: number
  readonly #time: Time

  /** @param maxKeys beyond them, the key that was quiet longest is forgotten. */
  constructor(windowMs: number, maxKeys: number, time: Time) {
    this.#windows = new LRUCache({ max: maxKeys })
    this.#windowMs = windowMs
    this.#time = time
  }

  get size(): number {
    return this.#windows.size
  }

  /** Counts one event: the how-manieth it is of the key's window, which began with the first, and in how many milliseconds that ends. */
  count(key: string): { count: number; endsInMs: number } {
    const now = this.#time.clock()
    let window = this.#windows.get(key)
    if (window === undefined || window.endsAt <= now) {
      window = { count: 0, endsAt: now + this.#windowMs }
      this.#windows.set(key, window)
    }
    window.count++
    return { count: window.count, endsInMs: window.endsAt - now }
  }
}
