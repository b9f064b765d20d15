// Which methods there are at a path: asked where the router found no route, which it says of a method as of a path that is not there.

interface Route {
  pattern: RegExp
  methods: readonly string[]
}

const SPECIAL = /[.+?^${}()|[\]\\]/g

export class AllowedMethods {
  readonly #routes: Route[] = []

  /** @param url as the router has it: `:name` for what is in a segment, `*` for all the rest. */
  add(methods: readonly string[], url: string): void {
    const pattern = url.replaceAll(SPECIAL, '\\$&').replaceAll('*', '.*').replaceAll(/:\w+/g, '[^/]+')
    this.#routes.push({ pattern: new RegExp(`^${pattern}$`, 's'), methods })
  }

  /** At any path. */
  all(): string[] {
    return [...new Set(this.#routes.flatMap(({ methods }) => methods))].sort()
  }

  /** @param path as it was sent, where it can be decoded. */
  of(path: string): string[] {
    // An escaped slash separates nothing.
    const decoded = decodeURIComponent(path.replaceAll(/%2f/gi, '%00'))
    const found = this.#routes.filter(({ pattern }) => pattern.test(decoded))
    return [...new Set(found.flatMap(({ methods }) => methods))].sort()
  }
}
