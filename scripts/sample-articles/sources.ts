// The six invented publishers, and how each of them dates and heads its articles.

export interface Source {
  code: string
  /** How exactly it dates what it publishes; `day` is midnight UTC, as sites do that give a date and no time. */
  clock: 'microsecond' | 'second' | 'minute' | 'day'
  /** What stands before half of its titles. */
  heading: string
  /** Probability that an article comes with a picture. */
  pictures: number
}

export const SOURCES: readonly Source[] = [
  { code: 'harbor-wire', clock: 'microsecond', heading: '', pictures: 0.4 },
  { code: 'ledger-post', clock: 'second', heading: '', pictures: 0.9 },
  { code: 'quay-street-journal', clock: 'day', heading: '', pictures: 0.8 },
  { code: 'market-lantern', clock: 'second', heading: 'Markets: ', pictures: 1 },
  { code: 'tickertape-review', clock: 'microsecond', heading: '', pictures: 0.7 },
  { code: 'meridian-brief', clock: 'minute', heading: 'In brief: ', pictures: 0.5 },
]
