// A promise that the test settles: what runs into it stays there until the test says otherwise.

export interface Gate<T> {
  promise: Promise<T>
  open: (value: T) => void
  fail: (error: Error) => void
}

export function gate<T = void>(): Gate<T> {
  let open!: Gate<T>['open']
  let fail!: Gate<T>['fail']
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  // Nobody may be waiting when it fails.
  promise.catch(() => undefined)
  return { promise, open, fail }
}
