// Servers and the way to them: requests and replies that are late, lost or overtaken by others, and servers that hang or are down.
import type { Events } from '../../support/events.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'

/** lost: what is sent from now on never arrives. slow: it arrives late, often later than its sender waits. */
export type Weather = 'fair' | 'slow' | 'requests lost' | 'replies lost' | 'refused'

/** From one place to one server; whatever process runs there. */
export interface Way {
  weather: Weather
}

export class Server {
  readonly events: Events
  #isDown = false
  #isHung = false
  #waiting: (() => void)[] = []

  constructor(events: Events) {
    this.events = events
  }

  /** A request has arrived. It is answered in one step, at once or when the server goes on; false where nobody is there. */
  take(request: () => void): boolean {
    if (this.#isDown) return false
    if (this.#isHung) this.#waiting.push(request)
    else request()
    return true
  }

  goDown(ms: number): void {
    this.#isDown = true
    this.#waiting = []
    this.events.after(ms, () => (this.#isDown = false))
  }

  /** What arrives meanwhile is done afterwards, whether or not its sender still waits. */
  hang(ms: number): void {
    if (this.#isHung) return
    this.#isHung = true
    this.events.after(ms, () => {
      this.#isHung = false
      const waiting = this.#waiting
      this.#waiting = []
      for (const request of waiting) request()
    })
  }
}

export class Connection {
  readonly #server: Server
  readonly #process: Process
  readonly #way: Way
  readonly #random: Random

  constructor(server: Server, process: Process, way: Way, random: Random) {
    this.#server = server
    this.#process = process
    this.#way = way
    this.#random = random
  }

  /** Has the server do something. @throws what the work throws; else an error where no answer comes in time or at all. */
  call<Answer>(limitMs: number, work: () => Answer): Promise<Answer> {
    const { events } = this.#server
    return new Promise((resolve, reject) => {
      const cancel = this.#process.time.after(limitMs, () =>
        reject(new Error(`no answer within ${limitMs} ms`)),
      )
      const reply = (give: () => void): void => {
        if (this.#way.weather === 'replies lost') return
        this.#process.deliver(this.#delay(), () => {
          cancel()
          give()
        })
      }
      if (this.#way.weather === 'requests lost') return
      if (this.#way.weather === 'refused') {
        reply(() => reject(new Error('refused')))
        return
      }
      events.after(this.#delay(), () => {
        const isTaken = this.#server.take(() => {
          try {
            const answer = work()
            reply(() => resolve(answer))
          } catch (error) {
            reply(() => reject(new Error('refused by the server', { cause: error })))
          }
        })
        if (!isTaken) reply(() => reject(new Error('nobody listens')))
      })
    })
  }

  #delay(): number {
    if (this.#way.weather === 'slow') return this.#random.between(1, 700)
    return this.#random.skewed(0.1, this.#random.chance(0.01) ? 300 : 4)
  }
}
