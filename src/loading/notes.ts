// What a load finds out about its input as a whole, besides its records.

/** Names of more fields than anybody would read; an input could have a new one in each record. */
const NAMES_KEPT = 50
const NAME_LENGTH = 100

export class Notes {
  readonly #ignored = new Set<string>()
  readonly #warnings: string[] = []

  /** A column or field that means nothing to the load, as the input spells it. */
  ignore(name: string): void {
    if (name.trim() !== '' && this.#ignored.size < NAMES_KEPT) this.#ignored.add(name.slice(0, NAME_LENGTH))
  }

  warn(text: string): void {
    this.#warnings.push(text)
  }

  get ignored(): string[] {
    return [...this.#ignored]
  }

  get warnings(): string[] {
    return [...this.#warnings]
  }
}
