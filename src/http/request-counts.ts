// How many requests were answered, by route and status: counters that are found once for a route and only added to after that.

export class RouteCounts {
  readonly method: string
  /** The template, such as `/api/v1/media/:id`: there are as many as routes. */
  readonly route: string
  /** Those that are answered in front of the framework, where a field is all that counting may cost. */
  ok = 0
  notModified = 0
  readonly isData: boolean
  readonly #others = new Map<number, number>()

  /** @param isData whether it answers data, in contrast to probes, pages and ops. */
  constructor(method: string, route: string, isData: boolean) {
    this.method = method
    this.route = route
    this.isData = isData
  }

  count(status: number): void {
    if (status === 200) this.ok++
    else if (status === 304) this.notModified++
    else this.#others.set(status, (this.#others.get(status) ?? 0) + 1)
  }

  /** Those that there were, by status. */
  byStatus(): [number, number][] {
    const all: [number, number][] = [[200, this.ok], [304, this.notModified], ...this.#others]
    return all.filter(([, count]) => count > 0)
  }
}

export class RequestCounts {
  /** Of requests that reached no route. */
  readonly none = new RouteCounts('', '', false)
  readonly #routes: RouteCounts[] = [this.none]

  get routes(): readonly RouteCounts[] {
    return this.#routes
  }

  add(method: string, route: string, isData: boolean): RouteCounts {
    const counts = new RouteCounts(method, route, isData)
    this.#routes.push(counts)
    return counts
  }

  /** Answers of data routes, whatever their status. */
  get data(): number {
    let total = 0
    for (const route of this.#routes) {
      if (route.isData) for (const [, count] of route.byStatus()) total += count
    }
    return total
  }
}
