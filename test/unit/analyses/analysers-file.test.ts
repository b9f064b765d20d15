// The ANALYSERS file: what it makes, and every slip in it named by file, analyser and field before anybody is served.
import path from 'node:path'
import t, { type Test } from 'tap'
import type { Analyser } from '../../../src/analyses/analysers/analyser.ts'
import { loadAnalysers } from '../../../src/analyses/analysers/file.ts'
import { manualTime } from '../../support/manual-time.ts'

const SECRET = 'sk-very-secret'
const environment = { TONE_KEY: SECRET, EMPTY_KEY: '', BROKEN_KEY: `${SECRET}\n` }
const TONE = { name: 'tone', kind: 'http', url: 'https://tone.example/v1', version: '3' }
const MODEL = {
  name: 'model',
  kind: 'openai',
  url: 'https://model.example/v1/chat/completions',
  version: '1',
  model: 'judge-1',
  prompt_file: 'prompt.txt',
}
const lexicon = { name: 'lexicon', kind: 'lexicon' } as Analyser

async function load(t: Test, content: unknown) {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  const directory = t.testdir({ 'analysers.json': text, 'prompt.txt': 'Judge.\n', 'empty.txt': ' \n' })
  const file = path.join(directory, 'analysers.json')
  return await loadAnalysers({ file, lexicon, environment, time: manualTime() })
}

const one = (fields: object, base: object = TONE) => ({ analysers: [{ ...base, ...fields }] })

/** What is said of a file that cannot be used; it never holds a key. */
async function complaint(t: Test, content: unknown): Promise<string> {
  const error = await load(t, content).then(
    () => null,
    (error: unknown) => error as Error,
  )
  if (error === null) return 'none'
  t.equal(error.name, 'ConfigError')
  if (error.message.includes('secret')) t.fail(`it shows a key: ${error.message}`)
  return error.message
}

t.test('without a file there is the lexicon', async (t) => {
  const analysers = await loadAnalysers({ file: undefined, lexicon, environment, time: manualTime() })
  t.same(analysers, [lexicon])
})

t.test('the form of the contract', async (t) => {
  const [tone, model, last, ...others] = await load(t, {
    analysers: [
      {
        ...TONE,
        result: '/data/verdict',
        cost: '0.002',
        currency: 'USD',
        key_env: 'TONE_KEY',
        accepts: ['text', 'file'],
        timeout_ms: 5000,
        concurrency: 3,
        daily_budget: '5.00',
        languages: ['en', 'fr'],
      },
      { ...MODEL, currency: 'USD' },
    ],
  })
  t.match(tone, {
    name: 'tone',
    kind: 'http',
    url: TONE.url,
    version: '3',
    accepts: new Set(['text', 'file']),
    languages: new Set(['en', 'fr']),
    tones: null,
    parameters: null,
    costMicros: 2000n,
    currency: 'USD',
    timeoutMs: 5000,
    concurrency: 3,
    dailyBudgetMicros: 5_000_000n,
  })
  t.match(model, {
    kind: 'openai',
    accepts: new Set(['text']),
    costMicros: 0n,
    timeoutMs: 30_000,
    concurrency: 8,
    dailyBudgetMicros: null,
  })
  t.equal(last, lexicon)
  t.same(others, [])
})

t.test('whatever an answer depends on changes the fingerprint, and nothing else does', async (t) => {
  const fingerprint = async (fields: object, base: object = TONE) =>
    (await load(t, one(fields, base)))[0].fingerprint
  const plain = await fingerprint({})
  t.match(plain, /^[\w-]{22}$/)
  for (const fields of [
    { url: 'https://tone.example/v2' },
    { result: '/a' },
    { template: ['{text}'] },
    { headers: { 'x-depth': '2' } },
    { schema: { type: 'object' } },
  ])
    t.not(await fingerprint(fields), plain, Object.keys(fields).join())
  for (const fields of [{ cost: '1' }, { timeout_ms: 1 }, { key_env: 'TONE_KEY' }, { concurrency: 1 }])
    t.equal(await fingerprint(fields), plain, Object.keys(fields).join())
  const model = await fingerprint({}, MODEL)
  for (const fields of [{ model: 'judge-2' }, { max_tokens: 5 }, { schema: { type: 'object' } }])
    t.not(await fingerprint(fields, MODEL), model, Object.keys(fields).join())
})

t.test('a template says what the analyser takes', async (t) => {
  const [plain] = await load(t, one({ template: { q: '{text}' } }))
  t.same([plain.languages, plain.tones, plain.parameters], [new Set(), new Set(), new Set()])
  const template = { q: '{text}', l: '{language}', d: '{parameters.depth}' }
  const [some] = await load(t, one({ template }))
  t.same([some.languages, some.tones, some.parameters], [null, new Set(), new Set(['depth'])])
  const [all] = await load(t, one({ template: ['{text}', '{tone}', '{parameters}'], parameters: ['a'] }))
  t.same([all.languages, all.tones, all.parameters], [new Set(), null, new Set(['a'])])
})

t.test('a field that is wrong is named, with its value', async (t) => {
  for (const [fields, expected] of [
    [{ cost: '2,5' }, /analyser "tone": cost must be a decimal number .* \(it is "2,5"\)/],
    [{ cost: 0.002 }, /cost must be a decimal number .*, as text \(it is 0\.002\)/],
    [{ cost: '0.0000001' }, /cost/],
    [{ daily_budget: '-1' }, /daily_budget must be .* \(it is "-1"\)/],
    [{ currency: 'euro' }, /currency must be three capital letters/],
    [{ name: 'to ne' }, /analyser "to ne": name must be/],
    [{ name: 'lexicon' }, /analyser "lexicon": name is taken/],
    [{ kind: 'grpc' }, /kind must be one of http, openai \(it is "grpc"\)/],
    [{ kind: 'constructor' }, /kind must be one of/],
    [{ version: 3 }, /version must be text .* \(it is 3\)/],
    [{ version: undefined }, /version must be given/],
    [{ result: 'data.verdict' }, /result must be a JSON pointer/],
    [{ accepts: [] }, /accepts must be \["text"\], \["file"\] or both \(it is \[\]\)/],
    [{ accepts: ['video'] }, /accepts must be/],
    [{ timeout_ms: 300_000 }, /timeout_ms must be a whole decimal number from 1 to 299999 \(it is 300000\)/],
    [{ concurrency: 0 }, /concurrency must be/],
    [{ languages: ['en', 'en'] }, /languages must be a list of different languages/],
    [{ tones: [] }, /tones must be/],
    [{ retries: 3 }, /"retries" is not a field of this kind/],
    [{ model: 'x' }, /"model" is not a field of this kind/],
    [{ key: SECRET }, /"key" is not a field of this kind/],
    [{ key_env: SECRET }, /key_env must be the name of an environment variable/],
    [{ key_env: 'NO_KEY' }, /key_env names NO_KEY, which is not set in the environment/],
    [{ key_env: 'EMPTY_KEY' }, /key_env names EMPTY_KEY, which is not set/],
    [{ key_env: 'BROKEN_KEY' }, /key_env names BROKEN_KEY, whose value holds blanks/],
    [{ url: 'tone.example' }, /url is not a valid URL/],
    [{ url: 'ftp://tone.example' }, /url must begin with http:/],
    [{ url: `https://u:${SECRET}@tone.example` }, /url must not hold a user name/],
    [{ url: 'https://tone.example/#a' }, /url must not have a part behind #/],
    [{ headers: { Authorization: SECRET } }, /headers: "Authorization" may not be set/],
    [{ headers: { 'X-Api-Key': SECRET } }, /headers: "X-Api-Key" may not be set/],
    [{ headers: { 'content-length': '1' } }, /may not be set/],
    [{ headers: { 'a b': '1' } }, /headers: "a b" is not the name of a header/],
    [{ headers: { a: '1\r\nb: 2' } }, /headers: the value of "a" is not printable/],
    [{ template: { q: 'Judge {text}' } }, /template has a placeholder within a longer text/],
    [{ template: { q: 1 } }, /template must have the string "\{text\}"/],
    [{ template: ['{text}'], languages: ['en'] }, /template has no "\{language\}"/],
    [{ template: ['{text}'], tones: ['dry'] }, /template has no "\{tone\}"/],
    [{ template: ['{text}'], parameters: ['a'] }, /template has no "\{parameters\.a\}"/],
    [{ schema: 'object' }, /schema must be a JSON schema/],
    [{ schema: { type: 'strnig' } }, /schema \/type must be one of null, boolean/],
    [{ schema: { typ: 'string' } }, /schema \/typ is not a keyword/],
    [{ schema: { constructor: 1 } }, /schema \/constructor is not a keyword/],
    [
      { schema: { properties: { a: { items: { minimum: '1' } } } } },
      /schema \/properties\/a\/items\/minimum must be a number/,
    ],
    [{ schema: { anyOf: [{ pattern: '(' }] } }, /schema \/anyOf\/0\/pattern must be a regular expression/],
    [{ schema: { required: 'a' } }, /schema \/required must be a list of texts/],
    [{ schema: { $ref: '#/nowhere' } }, /schema \/\$ref is not a keyword/],
  ] as const)
    t.match(await complaint(t, one(fields)), expected, JSON.stringify(fields))
  for (const [fields, expected] of [
    [{ accepts: ['text', 'file'] }, /analyser "model": accepts must be \["text"\]: this kind takes no files/],
    [{ prompt_file: 'none.txt' }, /prompt_file must name a text file that can be read \(it is "none.txt"\)/],
    [{ prompt_file: 'empty.txt' }, /prompt_file must name/],
    [{ model: '' }, /model must be the model's name/],
    [{ template: ['{text}'] }, /"template" is not a field of this kind/],
    [{ max_tokens: 1.5 }, /max_tokens must be/],
  ] as const)
    t.match(await complaint(t, one(fields, MODEL)), expected, JSON.stringify(fields))
})

t.test('every slip is named at once, and the file', async (t) => {
  const message = await complaint(t, {
    analysers: [{ ...TONE, cost: 'a', url: 'b' }, { ...MODEL, max_tokens: 0 }, 5],
  })
  t.match(message, /^ANALYSERS, .*analysers\.json: /)
  for (const part of [
    '"tone": cost',
    '"model": max_tokens',
    'analyser 3 of the list: must be an object (it is 5)',
  ])
    t.match(message, part)
})

t.test('so are those of the whole', async (t) => {
  for (const [content, expected] of [
    ['{"analysers": [', /it is not valid JSON/],
    [`{"analysers": [{"key": ${SECRET}}]}`, /it is not valid JSON/],
    ['[]', /it must be of the form/],
    [{ analysers: [] }, /it must be of the form/],
    [{ analysers: [TONE], default: 'tone' }, /"default" is not a field of it/],
    ['{"analysers": [{"name": "a", "name": "b"}]}', /the name "name" stands twice in one object/],
    [{ analysers: [TONE, TONE] }, /analyser "tone": name stands twice/],
    [{ analysers: [TONE, { ...TONE, name: 'b', currency: 'USD' }] }, /currency must be the same for all/],
  ] as const)
    t.match(await complaint(t, content), expected, JSON.stringify(content))
  await t.rejects(
    loadAnalysers({ file: '/nowhere/analysers.json', lexicon, environment, time: manualTime() }),
    { name: 'ConfigError', message: 'ANALYSERS, /nowhere/analysers.json: it cannot be read (ENOENT)' },
  )
})
