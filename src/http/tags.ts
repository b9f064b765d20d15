// What answers are made of, as tags. `dataset:` is a table's worth, the others a part of it. Ops clear by `dataset:`, `source:` and `symbol:`; data that
// changes announces these and the finer ones (migrations/0001_changes.sql): `volume:` for bars, `score:` for snapshots, `symbol:` for the instrument.

/** @param symbol any unless given. */
export function barTags(symbol = '*'): string[] {
  return ['dataset:volume', `symbol:${symbol}`, `volume:${symbol}`]
}

/** Scores are computed from bars and articles, and stored: an answer depends on what is stored. */
export function scoreTags(symbol = '*'): string[] {
  return ['dataset:score', `symbol:${symbol}`, `score:${symbol}`]
}

/** Of what the program itself knows about scores: no data changes it. */
export const METHOD_TAGS: readonly string[] = ['dataset:score']

/** Of what depends on which instruments there are. */
export const ANY_INSTRUMENT: readonly string[] = ['symbol:*']

/** @param source of every article that the answer could show; any unless given. */
export function articleTags(source = '*'): string[] {
  // A line feed ends a tag where entries are stored; nobody can clear by such a code either.
  return ['dataset:media', `source:${CONTROL.test(source) ? '*' : source}`]
}

const CONTROL = /\p{Cc}/u
