// A failure explains itself: each helper that asserts, waits or reads an answer says what it was given.
import t, { type Test } from 'tap'
import { notYet, until } from '../../support/until.ts'
import { detailOf, isProblem } from '../../support/http.ts'
import { answerTo, jsonOf } from '../../support/answers.ts'

const OK = answerTo('GET /api/v1/volume?limit=x', {
  status: 200,
  headers: { 'content-type': 'application/json', 'x-cache': 'HIT' },
  body: '{"data":[1,2,3]}',
})
const SEEN = /GET \/api\/v1\/volume\?limit=x was answered 200 \{.*'x-cache': 'HIT'.*\}\n\{"data":\[1,2,3\]\}/

/** What a test would print of an assertion that fails. */
function failuresOf(assert: (t: Test) => void): string {
  const printed: unknown[] = []
  const note = (...what: unknown[]): void => void printed.push(...what)
  assert({ fail: note, strictSame: note } as unknown as Test)
  return printed.map((what) => (typeof what === 'string' ? what : JSON.stringify(what))).join('\n')
}

t.test('what was to be a problem and is none is shown', (t) => {
  t.match(
    failuresOf((t) => isProblem(t, OK, 'invalid_parameter', ['limit'])),
    SEEN,
  )
  const page = answerTo('GET /', { status: 502, headers: {}, body: '<html>no service</html>' })
  t.match(
    failuresOf((t) => isProblem(t, page, 'invalid_parameter', [], 'a page too many')),
    /^a page too many: no problem: GET \/ was answered 502 \{\}\n<html>no service<\/html>/,
  )
  t.end()
})

t.test('another problem is shown whole, its words too', (t) => {
  const body = JSON.stringify({ code: 'unavailable', detail: 'PostgreSQL does not answer' })
  const answer = answerTo('GET /', { status: 503, headers: {}, body })
  t.match(
    failuresOf((t) => isProblem(t, answer, 'invalid_parameter')),
    /PostgreSQL does not answer/,
  )
  t.end()
})

t.test('an answer that cannot be read is shown', (t) => {
  t.throws(() => jsonOf<unknown>(OK, 404), { message: SEEN })
  t.throws(() => jsonOf<unknown>({ ...OK, body: 'no JSON' }), {
    message: /the request was answered 200 .*\nno JSON$/,
  })
  t.throws(() => detailOf(OK), { message: SEEN })
  t.strictSame(jsonOf(OK), { data: [1, 2, 3] })
  const long = { ...OK, status: 500, body: 'x'.repeat(10_000) }
  t.throws(() => jsonOf<unknown>(long), { message: /x{500}… \(10000 characters\)$/ })
  t.end()
})

t.test('what was waited for in vain is shown: what was seen last, and what was wanted', async (t) => {
  const state = { hits: 3, tags: new Set(['a']) }
  await t.rejects(
    until(
      'ten hits',
      () => state,
      ({ hits }) => hits >= 10,
      0,
    ),
    {
      message:
        /^ten hits: not after 0 ms; last seen: \{ hits: 3, tags: Set\(1\) \{ 'a' \} \}; wanted: .*hits ?>= ?10/,
    },
  )
  await t.rejects(
    until('ten hits', () => state.hits >= 10 || notYet(state), Boolean, 0),
    { message: /last seen: \{ hits: 3, .*; wanted: .*hits ?>= ?10/ },
  )
  await t.rejects(
    until('a hit', () => Promise.resolve(state.hits > 3), undefined, 0),
    { message: /last seen: false; wanted: .*state\.hits ?> ?3/ },
  )
  t.equal(await until('three', () => (state.hits === 3 ? state : notYet(state))), state)
})
