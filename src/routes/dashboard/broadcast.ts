// One sampler for however many watch, and nothing at all while nobody does. Each message is put together once and written to everybody.
import type { ServerResponse } from 'node:http'
import type { Time } from '../../time/time.ts'

/** Then the browser tries again after a lost connection. */
const RETRY_MS = 2000

export interface BroadcastOptions<Sample extends object, Point> {
  take: () => Promise<Sample>
  /** What is kept of a sample for who comes later. */
  pointOf: (sample: Sample) => Point
  everyMs: number
  /** So many points at most. */
  keep: number
  maxClients: number
  /** Who has not read so much of what was written is cut off: it is not kept for them without end. */
  maxBacklogBytes: number
  onDropped: () => void
  /** Of a sample; the next one is taken all the same. */
  onFailure: (error: unknown) => void
  time: Time
}

export class Broadcast<Sample extends object, Point> {
  readonly #options: BroadcastOptions<Sample, Point>
  readonly #clients = new Set<ServerResponse>()
  readonly #points: Point[] = []
  /** The newest sample as it was written, while anybody watches. */
  #newest: string | null = null
  #cancelNext: (() => void) | null = null
  #isTaking = false
  #isClosed = false

  constructor(options: BroadcastOptions<Sample, Point>) {
    this.#options = options
  }

  get clients(): number {
    return this.#clients.size
  }

  get isFull(): boolean {
    return this.#clients.size >= this.#options.maxClients
  }

  /** @param response with its head written; its end ends the watching. */
  add(response: ServerResponse): void {
    const { everyMs } = this.#options
    const history = eventOf('history', { everyMs, points: this.#points })
    response.write(`retry: ${RETRY_MS}\n\n${history}${this.#newest ?? ''}`)
    if (this.#isClosed) {
      response.end()
      return
    }
    this.#clients.add(response)
    response.once('close', () => this.#remove(response))
    // Without a listener, a connection that breaks while it is written to would end the process.
    response.on('error', () => response.destroy())
    if (this.#cancelNext === null && !this.#isTaking) void this.#sample()
  }

  /** Ends every answer; who comes later gets what there is, and its end. */
  close(): void {
    this.#isClosed = true
    for (const client of this.#clients) client.end()
    // A sample may be on its way, and nothing can be written behind an end.
    this.#clients.clear()
    this.#rest()
  }

  #remove(client: ServerResponse): void {
    this.#clients.delete(client)
    if (this.#clients.size === 0) this.#rest()
  }

  #rest(): void {
    this.#cancelNext?.()
    this.#cancelNext = null
    this.#newest = null
  }

  async #sample(): Promise<void> {
    const { take, pointOf, everyMs, keep, onFailure, time } = this.#options
    this.#cancelNext = null
    this.#isTaking = true
    const begun = time.clock()
    try {
      const sample = await take()
      this.#points.push(pointOf(sample))
      if (this.#points.length > keep) this.#points.shift()
      this.#write(eventOf('sample', sample))
    } catch (error) {
      onFailure(error)
    } finally {
      this.#isTaking = false
    }
    // All may have left meanwhile.
    if (this.#clients.size === 0 || this.#isClosed) return
    const pause = Math.max(0, everyMs - (time.clock() - begun))
    this.#cancelNext = time.after(pause, () => void this.#sample())
  }

  #write(event: string): void {
    this.#newest = this.#clients.size === 0 ? null : event
    for (const client of this.#clients) {
      if (client.writableLength > this.#options.maxBacklogBytes) {
        this.#options.onDropped()
        client.destroy()
        // Its close may come after the next sample.
        this.#remove(client)
      } else client.write(event)
    }
  }
}

function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
