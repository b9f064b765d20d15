// Mutants that no test can kill, as what they make of the code does the same.

interface Equivalent {
  file: string
  /** The whole line on which the mutant begins, as it is. */
  line: string
  /** What stands there in place of a part of it. */
  becomes: string
  because: string
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'src/cache/clear-history.ts',
    line: 'const NO_TAGS: readonly string[] = []',
    becomes: '["Stryker was here"]',
    because: 'no clear is by this tag',
  },
  {
    file: 'src/cache/clear-history.ts',
    line: 'this.#clears = []',
    becomes: '["Stryker was here"]',
    because: 'it has no position above the floor, so the next statement but two drops it',
  },
  {
    file: 'src/cache/clear-history.ts',
    line: 'this.#clears = this.#clears.filter((clear) => clear.seq > this.#floor)',
    becomes: 'clear.seq >= this.#floor',
    because: 'whatever has not seen a clear at the floor is dead by the floor itself',
  },
  {
    file: 'src/cache/clear-history.ts',
    line: 'const clear = known({ ...selector, seq: ++this.#owedSeen, soft: false })',
    becomes: 'true',
    because: 'of what is owed nobody reads whether it is soft',
  },
  {
    file: 'src/cache/clear-history.ts',
    line: 'if (clear === undefined || clear.seq <= validThrough) break',
    becomes: 'false',
    because: 'an index within the list has a clear; it is asked for the type',
  },
  {
    file: 'src/cache/glob-automaton.ts',
    line: "while (index < pattern.length && pattern.charAt(index) !== ']') {",
    becomes: 'index <= pattern.length',
    because: 'behind the end there is no byte to accept, and the pattern is over all the same',
  },
  {
    file: 'src/cache/glob-automaton.ts',
    line: 'return { accepts: negated ? accepts.map((accepted) => 1 - accepted) : accepts, next: index + 1 }',
    becomes: '1 + accepted',
    because: 'whatever is not 1 is not accepted',
  },
  {
    file: 'src/cache/glob-automaton.ts',
    line: 'for (let byte = 0; byte < BYTES; byte += 1) {',
    becomes: 'byte <= BYTES',
    because: 'a typed array drops what is written behind its end',
  },
  {
    file: 'src/cache/glob-automaton.ts',
    line: 'if ((low | high) === 0 && restart === 0) return false',
    becomes: 'false',
    because: 'nothing comes of an empty set; leaving it at once saves time',
  },
  {
    file: 'src/cache/glob.ts',
    line: 'const ASCII = /^[\\x00-\\x7f]*$/',
    becomes: '/^[\\x00-\\x7f]$/',
    because: 'a conversion leaves ASCII as it is; doing without saves time',
  },
  {
    file: 'src/pagination/cursor.ts',
    line: "list.keys.every((key, index) => isKeyText(key.kind, payload.k[index] ?? ''))",
    becomes: '"Stryker was here!"',
    because: 'there are as many texts as keys by then; it is asked for the type',
  },
  {
    file: 'src/pagination/cursor.ts',
    line: '} catch {',
    becomes: '{}',
    because: 'then there is no payload, which the next check refuses in the same words',
  },
  {
    file: 'src/pagination/cursor.ts',
    line: 'if (latest?.filters !== filters) {',
    becomes: 'true',
    because: 'made anew the fingerprint is the same; keeping it saves time',
  },
  {
    file: 'src/pagination/links.ts',
    line: '.map((relation) => `<${addresses[relation] ?? \'\'}>; rel="${relation}"`)',
    becomes: '"Stryker was here!"',
    because: 'what has no address is left out before; it is asked for the type',
  },
  {
    file: 'src/pagination/list.ts',
    line: "const [seconds = '', fraction = ''] = timestamp.slice(0, -1).split('.')",
    becomes: '"Stryker was here!"',
    because: 'there are always seconds; it is asked for the type',
  },
  {
    file: 'src/pagination/list.ts',
    line: 'const TIMESTAMP = /^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?Z$/',
    becomes: '/\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?Z$/',
    because: 'an instant is parsed whole as well',
  },
  {
    file: 'src/pagination/list.ts',
    line: 'const TIMESTAMP = /^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?Z$/',
    becomes: '/^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?Z/',
    because: 'an instant is parsed whole as well',
  },
  {
    file: 'src/pagination/list.ts',
    line: "if (acceptsId && keys.at(-1)?.kind !== 'id') throw new TypeError(`the last key of ${name} is not an id`)",
    becomes: 'keys.at(-1).kind',
    because: 'there is a last key by then; it is asked for the type',
  },
  {
    file: 'src/pagination/list.ts',
    line: "return TIMESTAMP.test(text) && parseInstant(text, 'start') !== null",
    becomes: '""',
    because: 'which end of a day is meant matters for days only',
  },
  {
    file: 'src/pagination/list.ts',
    line: 'return first === second ? 0 : first < second ? -1 : 1',
    becomes: 'first <= second',
    because: 'equal ones were told apart before',
  },
  {
    file: 'src/pagination/page.ts',
    line: "if (request.kind === 'cursor' && request.position?.direction === 'backward') rows.reverse()",
    becomes: 'true',
    because: 'a page by offset has no position; it is asked for the type',
  },
  {
    file: 'src/pagination/page.ts',
    line: "const direction = position.direction === 'forward' ? 'backward' : 'forward'",
    becomes: '""',
    because: 'whatever is not forward is written as backward',
  },
  {
    file: 'src/pagination/request.ts',
    line: 'return cursor !== undefined && DIGITS.test(cursor)',
    becomes: 'true',
    because: 'undefined is no digits; it is asked for the type',
  },
  {
    file: 'src/pagination/seek.ts',
    line: 'const [rangeEnd, value, kind] = [ofRange?.values[0], ofPosition.values[0], keys[0]?.kind]',
    becomes: 'keys[0].kind',
    because: 'a list has a key; it is asked for the type',
  },
  {
    file: 'src/pagination/seek.ts',
    line: 'if (ofRange === null || rangeEnd === undefined || value === undefined || kind === undefined)',
    becomes: 'ofRange === null && rangeEnd === undefined',
    because: 'of no range there is no end',
  },
  {
    file: 'src/pagination/seek.ts',
    line: 'if (ofRange === null || rangeEnd === undefined || value === undefined || kind === undefined)',
    becomes: 'false',
    because: 'each of them has the same cause, no range, or is asked for the type',
  },
  {
    file: 'src/pagination/seek.ts',
    line: 'if (ofRange === null || rangeEnd === undefined || value === undefined || kind === undefined)',
    becomes: 'false',
    because: 'each of them has the same cause, no range, or is asked for the type',
  },
  {
    file: 'src/pagination/seek.ts',
    line: 'if (ofRange === null || rangeEnd === undefined || value === undefined || kind === undefined)',
    becomes: 'false',
    because: 'each of them has the same cause, no range, or is asked for the type',
  },
  {
    file: 'src/pagination/seek.ts',
    line: 'if (ofRange === null || rangeEnd === undefined || value === undefined || kind === undefined)',
    becomes: 'false',
    because: 'each of them has the same cause, no range, or is asked for the type',
  },
  {
    file: 'src/score/components.ts',
    line: 'if (top === null || bottom === null) return null',
    becomes: 'false',
    because: 'both are null at once, and 0 by 0 is no value either',
  },
  {
    file: 'src/score/components.ts',
    line: 'if (top === null || bottom === null) return null',
    becomes: 'top === null && bottom === null',
    because: 'both are null at once, and 0 by 0 is no value either',
  },
  {
    file: 'src/score/components.ts',
    line: 'if (top === null || bottom === null) return null',
    becomes: 'false',
    because: 'both are null at once, and 0 by 0 is no value either',
  },
  {
    file: 'src/score/components.ts',
    line: 'if (top === null || bottom === null) return null',
    becomes: 'false',
    because: 'both are null at once, and 0 by 0 is no value either',
  },
  {
    file: 'src/score/windows.ts',
    line: 'return trailingExtreme(values, length, (challenger, holder) => challenger >= holder)',
    becomes: 'challenger > holder',
    because: 'of equal values it does not matter which one stays',
  },
  {
    file: 'src/score/windows.ts',
    line: 'return trailingExtreme(values, length, (challenger, holder) => challenger <= holder)',
    becomes: 'challenger < holder',
    because: 'of equal values it does not matter which one stays',
  },
]
