// Trailing windows over a series of sessions: a function of each window, highest and lowest value, mean and deviation.

/** One value for each session, in order; null where the session has none. */
export type Series = (number | null)[]

/** @throws RangeError outside the array: a window that reaches past its series is a defect, and undefined would turn into NaN. */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index]
  if (value === undefined) throw new RangeError(`no value at index ${index} of ${values.length}`)
  return value
}

/** A zero denominator leaves an infinity or NaN behind; in a series that is "no value". */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/**
 * `compute` of the `length` values that end at each session (`end` is its index); null before that many exist and where the result
 * is not finite.
 *
 * Each window is handed over whole, so that sums are made afresh. A running sum is cheaper and drifts: the same window would give
 * another value depending on where the history began, equal windows would no longer tie in a rank, and a score would depend on data
 * that its definition does not name. Windows are short (up to 125), so a history stays linear.
 */
export function mapTrailing(
  values: Float64Array,
  length: number,
  compute: (window: Float64Array, end: number) => number,
): Series {
  return Array.from(values, (_, end) =>
    end + 1 < length ? null : finiteOrNull(compute(values.subarray(end + 1 - length, end + 1), end)),
  )
}

/** Highest of the `length` values that end at each session; null before that many exist. */
export function trailingMaximum(values: Float64Array, length: number): Series {
  return trailingExtreme(values, length, (challenger, holder) => challenger >= holder)
}

/** Lowest of the `length` values that end at each session; null before that many exist. */
export function trailingMinimum(values: Float64Array, length: number): Series {
  return trailingExtreme(values, length, (challenger, holder) => challenger <= holder)
}

/** Monotonic deque: each session enters and leaves once, so the cost does not grow with the window. */
function trailingExtreme(
  values: Float64Array,
  length: number,
  beats: (challenger: number, holder: number) => boolean,
): Series {
  // Sessions that are, or can still become, the extreme: each later one is a weaker value that will outlive those before it.
  const candidates = new Uint32Array(values.length)
  let head = 0
  let tail = 0
  return Array.from(values, (value, session) => {
    while (tail > head && beats(value, at(values, at(candidates, tail - 1)))) tail -= 1
    candidates[tail] = session
    tail += 1
    if (at(candidates, head) + length <= session) head += 1
    return session + 1 < length ? null : at(values, at(candidates, head))
  })
}

export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** With the divisor n - 1, in two passes: the one-pass formula loses small deviations around a large mean. */
export function sampleStandardDeviation(values: Float64Array): number {
  const centre = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1))
}
