// The counts of a life in a file, written over in place with each of them: what a process had handed to the system by then, a kill does not take away.
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { Compile } from 'typebox/compile'
import Type from 'typebox'
import type { SavingsCount } from '../db/analysis-money.ts'

/** Bytes of a record, its line end included. */
const RECORD_LENGTH = 320
const NAME = /^(?<life>[0-9a-f-]{36})\.(?<pid>\d+)\.savings$/

const counted = Type.Integer({ minimum: 0 })
const checker = Compile(
  Type.Object({
    day: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    analyser: Type.String(),
    currency: Type.String(),
    hits: counted,
    shared: counted,
    savedMicros: counted,
  }),
)

export class SavingsJournal {
  readonly #directory: string
  readonly #life: string
  readonly #onWarning: (message: string, error: unknown) => void
  #file: number | null = null
  #isOff = false

  constructor(directory: string, life: string, onWarning: (message: string, error: unknown) => void) {
    this.#directory = directory
    this.#life = life
    this.#onWarning = onWarning
  }

  /** @param place of the record, from 0. */
  write(place: number, count: SavingsCount): void {
    if (this.#isOff) return
    try {
      this.#file ??= this.#open()
      const record = JSON.stringify(count)
      writeSync(this.#file, `${record.padEnd(RECORD_LENGTH - 1)}\n`, place * RECORD_LENGTH)
    } catch (error) {
      // A full disk or a read-only one costs exactness after a crash, and no answer.
      this.#isOff = true
      this.#onWarning('savings have no journal: a crash loses those of its last second', error)
    }
  }

  /** Hands over what other lives have left, and deletes that of those that are over. */
  async recover(take: (life: string, counts: SavingsCount[]) => Promise<void>): Promise<void> {
    for (const name of this.#list()) {
      const { life = '', pid = '' } = NAME.exec(name)?.groups ?? {}
      if (life === '' || life === this.#life) continue
      const isOver = !isAlive(Number(pid))
      const file = path.join(this.#directory, name)
      const counts = readFileSync(file, 'utf8')
        .split('\n')
        .map(parse)
        .filter((count) => count !== null)
      if (counts.length > 0) await take(life, counts)
      if (isOver) rmSync(file, { force: true })
    }
  }

  /** @param isDone whether all of it is in PostgreSQL. */
  close(isDone: boolean): void {
    if (this.#file === null) return
    closeSync(this.#file)
    this.#file = null
    if (isDone) rmSync(this.#path, { force: true })
  }

  get #path(): string {
    return path.join(this.#directory, `${this.#life}.${process.pid}.savings`)
  }

  #open(): number {
    mkdirSync(this.#directory, { recursive: true })
    return openSync(this.#path, 'w', 0o600)
  }

  #list(): string[] {
    try {
      return readdirSync(this.#directory)
    } catch {
      return []
    }
  }
}

function parse(line: string): SavingsCount | null {
  try {
    const value: unknown = JSON.parse(line)
    return checker.Check(value) ? value : null
  } catch {
    return null
  }
}

/** Where another machine's process had the same number, its journal is looked at again by the next start. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
