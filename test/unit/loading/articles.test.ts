// NDJSON of articles: what is kept of a line, and each way in which one can be wrong.
import t from 'tap'
import { labelOfSentiment, readArticles } from '../../../src/loading/articles.ts'
import { quote } from '../../../src/loading/wording.ts'
import { article, collect, streamOf } from '../../support/loading.ts'

const readLine = async (line: string) => (await collect(readArticles(streamOf(line))))[0]
/** An instant so many days from now. */
const later = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+/, '')
const read = (fields: object) => readLine(JSON.stringify(article(1, fields)))
const row = async (fields: object) => {
  const parsed = await read(fields)
  if (parsed === undefined || !('row' in parsed)) throw new Error(`rejected: ${JSON.stringify(parsed)}`)
  return parsed.row
}

t.test('what the line does not have is null, and so is an empty text', async (t) => {
  const absent = {
    summary: null,
    content: null,
    image_url: null,
    language: null,
    sentiment_score: null,
    sentiment_label: null,
    scraped_at: null,
  }
  const minimal = { ...article(1), ...absent, published_at: '2020-01-02T10:00:00Z' }
  t.strictSame(await row({}), minimal)
  t.strictSame(await row(absent), minimal)
  t.strictSame(await row({ summary: '', content: '', image_url: '', language: '', scraped_at: '' }), minimal)
  t.strictSame(await row({ id: 7, category: ['x'], __proto__: null }), minimal, 'unknown fields are ignored')
})

t.test('the case of a name does not matter, nor do blanks around it', async (t) => {
  const { source, ...fields } = article(1) as Record<string, unknown>
  const line = JSON.stringify({ ...fields, Source: source, ' SUMMARY ': 'x' })
  t.match(await readLine(line), { row: { ...article(1), summary: 'x' } })
})

t.test('a name that stands twice, of which JSON.parse takes the last', async (t) => {
  const line = JSON.stringify(article(1))
  for (const twice of ['"title":"A",', '"t\\u0069tle" :"A",', '"title":{"title":1},'])
    t.match(await readLine(line.replace('{', `{${twice}`)), {
      field: 'title',
      reason: 'is there more than once',
    })
  const inner = JSON.stringify(article(1, { extra: { a: { b: 1 }, b: [{ b: 1 }] }, summary: '"title": "x"' }))
  t.match(await readLine(inner), { row: { summary: '"title": "x"' } }, 'elsewhere, or in a text')
  t.match(await readLine(line.replace('{', '{"extra":{"a":1,"a":2},')), { field: 'a' })
})

t.test('a day that has begun somewhere is no later day', async (t) => {
  t.ok(await row({ published_at: later(1) }))
})

t.test('all that a line has is kept as it is', async (t) => {
  const full = {
    source: 'La.Vie-Eco_2',
    title: 'À 5 % 😀',
    summary: 'a\nb',
    content: 'x'.repeat(500_000),
    image_url: 'HTTP://images.example/a.png?x=1',
    language: 'fr-MA',
    sentiment_score: -0.5,
    sentiment_label: 'neutral',
    scraped_at: '2020-01-03T00:00:00.5+01:00',
  }
  t.strictSame(await row(full), { ...article(1), ...full, scraped_at: '2020-01-02T23:00:00.500000Z' })
})

t.test('published_at is brought to UTC with its microseconds; a plain date is midnight', async (t) => {
  t.equal((await row({ published_at: '2020-01-02' })).published_at, '2020-01-02T00:00:00Z')
  t.equal(
    (await row({ published_at: '2020-01-02T01:30:00.123456+02:00' })).published_at,
    '2020-01-01T23:30:00.123456Z',
  )
})

t.test('a score without a label gets one, a label without a score stays', async (t) => {
  const labels: [score: number, label: string][] = [
    [1, 'positive'],
    [0.3, 'positive'],
    [0.29999, 'neutral'],
    [0, 'neutral'],
    [-0.29999, 'neutral'],
    [-0.3, 'negative'],
    [-1, 'negative'],
  ]
  for (const [score, label] of labels) {
    t.equal(labelOfSentiment(score), label)
    t.match(await row({ sentiment_score: score }), { sentiment_score: score, sentiment_label: label })
  }
  t.match(await row({ sentiment_score: 0.9, sentiment_label: 'negative' }), { sentiment_label: 'negative' })
  t.match(await row({ sentiment_score: 0.9, sentiment_label: null }), { sentiment_label: 'positive' })
  t.match(await row({ sentiment_label: 'negative' }), { sentiment_score: null, sentiment_label: 'negative' })
})

t.test('each wrong field is named with a reason', async (t) => {
  const wrong: [fields: object, field: string | null, reason: RegExp][] = [
    [{ source: undefined }, 'source', /is missing$/],
    [{ source: undefined, ' Src ': 'a', id: 1 }, 'source', /is missing; the record has ` Src `, `id`$/],
    [{ source: 5 }, 'source', /^5 is not a code: at most 64 letters/],
    [{ source: '' }, 'source', /^"" is not a code/],
    [{ source: 'L’Éco' }, 'source', /"L’Éco" is not a code/],
    [{ source: 'x'.repeat(65) }, 'source', /"x{40}…" \(65 characters\) is not a code/],
    [{ title: '  ' }, 'title', /^"  " is not a title: text of at most 1000 characters that is not blank/],
    [{ title: 'x'.repeat(1001) }, 'title', /1001 characters.* at most 1000 characters/],
    [{ title: 'a\0b' }, 'title', /NUL/],
    [{ title: 'a\ud800b' }, 'title', /surrogate/],
    [{ Title: 'again' }, 'title', /more than once/],
    [{ url: 'ftp://harbor-wire.example/1' }, 'url', /"ftp:.*" is not an http or https URL/],
    [{ url: 'https://' }, 'url', /http or https URL/],
    [{ url: 'https://harbor-wire.example/a b' }, 'url', /http or https URL/],
    [{ url: `https://harbor-wire.example/${'x'.repeat(2048)}` }, 'url', /at most 2048 characters/],
    [{ url: `https://harbor-wire.example/${'é'.repeat(1500)}` }, 'url', /more than 2600 bytes/],
    [{ summary: 'x'.repeat(5001) }, 'summary', /at most 5000 characters/],
    [{ summary: 'a\0' }, 'summary', /NUL/],
    [{ content: 'x'.repeat(500_001) }, 'content', /at most 500000 characters/],
    [{ content: ['x'] }, 'content', /\["x"\] is not text .*, or null/],
    [{ image_url: 'javascript:alert(1)' }, 'image_url', /http or https URL/],
    [{ language: 'x'.repeat(17) }, 'language', /at most 16 characters/],
    [{ published_at: undefined }, 'published_at', /is missing/],
    [{ published_at: null }, 'published_at', /^null is not text: a date/],
    [{ published_at: '2020-02-30T00:00:00Z' }, 'published_at', /no date or time that exists/],
    [{ published_at: '2020-01-02T10:00:00' }, 'published_at', /: the offset is missing: Z, or/],
    [{ published_at: '2020-01-02 10:00:00' }, 'published_at', /the offset is missing.*; a T belongs between/],
    [{ published_at: '2020-01-02 10:00:00Z' }, 'published_at', /: a T belongs between/],
    [{ published_at: later(2) }, 'published_at', /is after tomorrow, \d{4}-\d\d-\d\d$/],
    [{ published_at: '2020-01-02T10:00:00.1234567Z' }, 'published_at', /no date or time that exists/],
    [{ published_at: 'yesterday' }, 'published_at', /^"yesterday": it is no date/],
    [{ sentiment_score: 1.01 }, 'sentiment_score', /^1.01 is not a number from -1 to 1/],
    [{ sentiment_score: -1.01 }, 'sentiment_score', /^-1.01 is not a number from -1 to 1/],
    [{ sentiment_score: '0.5' }, 'sentiment_score', /^"0.5" is not a number/],
    [{ sentiment_label: 'mixed' }, 'sentiment_label', /^"mixed" is not one of positive, neutral, negative/],
    [{ scraped_at: 'now' }, 'scraped_at', /no date or time that exists/],
    [{ scraped_at: later(3) }, 'scraped_at', /is after tomorrow/],
  ]
  for (const [fields, field, reason] of wrong) {
    t.match(await read(fields), { line: 1, field, reason }, JSON.stringify(fields).slice(0, 60))
  }
})

t.test('a line that is no JSON object is wrong as a whole', async (t) => {
  for (const line of ['{', 'source,title', '{"a":1}}', '['.repeat(100_000)]) {
    t.strictSame(
      await readLine(line),
      { line: 1, field: null, reason: `the line is not JSON: ${quote(line)}` },
      line.slice(0, 20),
    )
  }
  for (const line of ['[]', 'null', '5', '"x"'])
    t.match(await readLine(line), { field: null, reason: /is not an object/ })
})
