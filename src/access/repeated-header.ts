// Finds headers that were sent more than once where Node keeps only the first of them.

/**
 * @param rawHeaders names and values in turn, as they were sent.
 * @param name in lower case.
 */
export function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let times = 0
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === name) times++
  return times > 1
}
