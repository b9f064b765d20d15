// Names that stand twice in a JSON object: JSON.parse takes the last one, and another reader the first.

/** A string, which is a name where a colon follows, or an object's beginning or end. */
const TOKEN = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g

/** The first name that one object has twice, or null. @param json that JSON.parse takes. */
export function repeatedName(json: string): string | null {
  const objects: Set<string>[] = []
  for (const [token, text, colon] of json.matchAll(TOKEN)) {
    if (token === '{') objects.push(new Set())
    else if (token === '}') objects.pop()
    else if (text !== undefined && colon !== undefined) {
      const name = JSON.parse(text) as string
      const names = objects.at(-1)
      if (names?.has(name) === true) return name
      names?.add(name)
    }
  }
  return null
}
