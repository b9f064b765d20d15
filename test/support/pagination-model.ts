// What a page must be, told by the rows alone: no cursor, no SQL.
import type { Order } from '../../src/pagination/index.ts'
import { compareEntries, type Entry } from './entry-list.ts'

/** Where a page begins, as a question to rows, and which way it is read. */
export interface Place {
  isBackward: boolean
  isAhead: (entry: Entry) => boolean
}

export interface ExpectedPage {
  data: Entry[]
  /** Where the pages before and behind it begin. */
  prev: Place
  next: Place
}

export const BEGINNING: Place = { isBackward: false, isAhead: () => true }

/** The page at `place` of a list in which these rows stand, in the order of the list. */
export function expectPage(
  standing: readonly Entry[],
  { isBackward, isAhead }: Place,
  limit: number,
  order: Order,
): ExpectedPage {
  const compare = compareEntries(order)
  const ahead = standing.filter(isAhead)
  const data = isBackward ? ahead.slice(-limit) : ahead.slice(0, limit)
  const [first, last] = [data[0], data.at(-1)]
  if (first === undefined || last === undefined) {
    // Nothing further on; the way back is to everything that was passed on the way here.
    const passed = (entry: Entry): boolean => !isAhead(entry)
    const nothing = (): boolean => false
    return {
      data,
      prev: { isBackward: true, isAhead: isBackward ? nothing : passed },
      next: { isBackward: false, isAhead: isBackward ? passed : nothing },
    }
  }
  return {
    data,
    prev: { isBackward: true, isAhead: (entry) => compare(entry, first) < 0 },
    next: { isBackward: false, isAhead: (entry) => compare(entry, last) > 0 },
  }
}
