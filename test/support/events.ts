// Virtual time: what is to happen, in its order. Nothing in a simulated world waits for a real clock.

interface Event {
  at: number
  order: number
  run: (() => void) | null
}

export class Events {
  /** True time in milliseconds, which no process of the world can read. */
  now = 0
  #moment = 0
  #order = 0
  /** A binary heap: each before those at twice its place, plus one and plus two. */
  readonly #heap: Event[] = []

  /** Counts what happens: of two moments the greater came later, also where the time is the same. */
  moment(): number {
    return ++this.#moment
  }

  /** Something that happens in so many milliseconds, unless the function that this returns is called before. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { at: this.now + ms, order: ++this.#order, run }
    this.#rise(this.#heap.push(event) - 1, event)
    return () => (event.run = null)
  }

  /** When the next thing happens; never, where there is none. */
  get nextAt(): number {
    while (this.#heap[0]?.run === null) this.#takeFirst()
    return this.#heap[0]?.at ?? Infinity
  }

  /** Has the next thing happen; false where there is none. What it sets off by promises has to be let run before the next step. */
  step(): boolean {
    for (;;) {
      const event = this.#takeFirst()
      if (event === undefined) return false
      if (event.run === null) continue
      this.now = event.at
      event.run()
      return true
    }
  }

  #takeFirst(): Event | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(last)
    return first
  }

  #rise(place: number, event: Event): void {
    while (place > 0) {
      const parentPlace = (place - 1) >> 1
      const parent = this.#heap[parentPlace]!
      if (isBefore(parent, event)) break
      this.#heap[place] = parent
      place = parentPlace
    }
    this.#heap[place] = event
  }

  #sink(event: Event): void {
    const heap = this.#heap
    let place = 0
    for (;;) {
      let childPlace = 2 * place + 1
      if (childPlace >= heap.length) break
      const sibling = heap[childPlace + 1]
      if (sibling !== undefined && isBefore(sibling, heap[childPlace]!)) childPlace++
      const child = heap[childPlace]!
      if (isBefore(event, child)) break
      heap[place] = child
      place = childPlace
    }
    heap[place] = event
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
