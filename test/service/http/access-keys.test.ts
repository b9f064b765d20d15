// Ways to present a key: which of them is looked at, and that looking tells nothing of the keys there are.
import crypto, { createHash } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import t from 'tap'
import { findKey, parseApiKeys } from '../../../src/access/keys.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { createDatabase } from '../../support/databases.ts'
import { startService } from '../../support/service.ts'
import { apiKeys, hashOf } from '../../support/api-keys.ts'
import { exchange, LAST, outcomes } from '../../support/raw.ts'
import { isProblem, send } from '../../support/http.ts'

const KEY = 'Operator-Key_1+/='
const API_KEYS = `operator:ops:${hashOf(KEY)},watcher:stats:${hashOf('watcher')}`
const service = await startService(t, {
  DATABASE_URL: await createDatabase(await sharedPostgres(t)),
  API_KEYS,
  TRUST_PROXY: 'true',
})
const CLEAR = 'DELETE /cache/clear?key=k HTTP/1.1\r\nhost: x\r\n'
const isCleared = (): boolean => service.log.some((line) => line.msg === 'cache cleared')

let clients = 0
/** What a clear with these header lines is answered; each from an address of its own, so that failures do not add up. */
async function clearWith(...lines: string[]): Promise<string> {
  const address = `x-forwarded-for: 10.0.${clients >> 8}.${clients++ & 255}\r\n`
  const head = [...lines, '', ''].join('\r\n')
  return outcomes(await exchange(service, CLEAR + address + head + LAST))[0] ?? 'nothing'
}

t.test('a key that is changed in any way is another one', async (t) => {
  const changed = [
    KEY.toLowerCase(),
    KEY.toUpperCase(),
    `"${KEY}"`,
    `${KEY}%0A`,
    `${KEY}\\n`,
    `${KEY},`,
    `,${KEY}`,
  ]
  for (const key of [
    ...changed,
    `${KEY}\u00a0`,
    `\ufeff${KEY}`,
    encodeURIComponent(KEY),
    KEY.slice(1),
    KEY + KEY,
    'x',
  ]) {
    const bytes = Buffer.from(key).toString('latin1')
    t.match(await clearWith(`authorization: Bearer ${bytes}`), /^401 key_(invalid|required)$/, key)
    t.equal(await clearWith(`x-api-key: ${bytes}`), '401 key_invalid', key)
  }
  for (const key of ['', ' ', '\t']) {
    t.equal(await clearWith(`authorization: Bearer${key}`), '401 key_required')
    t.equal(await clearWith(`x-api-key:${key}`), '401 key_required')
  }
  t.equal(await clearWith(`x-api-key: ${KEY} ${KEY}`), '401 key_invalid')
  t.equal(await clearWith(`x-api-key: ${'x'.repeat(15_000)}`), '401 key_invalid', 'long')
  t.equal(
    await clearWith(`authorization: Bearer ${' '.repeat(15_000)}x y`),
    '401 key_required',
    'long, and no key',
  )
  t.equal(await clearWith(`x-api-key: ${'x'.repeat(16 * 1024)}`), '431 headers_too_large')
  t.notOk(isCleared())
})

t.test('a line feed or NUL within a header ends the request, not the key', async (t) => {
  for (const end of ['\n', '\r', '\u0000', '\n\r', '\r\n '])
    t.equal(await clearWith(`x-api-key: ${KEY}${end}x`), '400 malformed_request', JSON.stringify(end))
  t.notOk(isCleared())
})

t.test('other schemes are no keys, and a key after them counts', async (t) => {
  const basic = `authorization: Basic ${Buffer.from(`operator:${KEY}`).toString('base64')}`
  for (const line of [
    basic,
    `authorization: Digest ${KEY}`,
    `authorization: Bearer\t${KEY}`,
    `authorization: ${KEY}`,
  ])
    t.equal(await clearWith(line), '401 key_required', line)
  for (const line of [
    `authorization: Token ${KEY}`,
    `proxy-authorization: Bearer ${KEY}`,
    `cookie: authorization=Bearer ${KEY}`,
  ])
    t.equal(await clearWith(line), '401 key_required', line)
  t.notOk(isCleared())
  t.equal(await clearWith(basic, `x-api-key: ${KEY}`), '200', 'a gateway may have a use of its own for Basic')
})

t.test('of two keys that contradict each other, one place is looked at', async (t) => {
  const before = service.log.length
  const [right, wrong] = [`Bearer ${KEY}`, 'Bearer wrong']
  for (const pair of [
    [right, wrong],
    [wrong, right],
    [right, right],
    [right, 'Basic eDp5'],
    ['Basic eDp5', right],
  ])
    t.equal(
      await clearWith(...pair.map((value) => `Authorization: ${value}`)),
      '400 malformed_request',
      pair.join(' and '),
    )
  for (const pair of [
    [KEY, 'wrong'],
    ['wrong', KEY],
    [KEY, KEY],
  ])
    t.equal(
      await clearWith(...pair.map((value) => `x-api-key: ${value}`)),
      '401 key_invalid',
      pair.join(' and '),
    )
  t.equal(
    await clearWith(`x-api-key: ${KEY}`, `authorization: ${wrong}`),
    '401 key_invalid',
    'Bearer goes first',
  )
  t.equal(await clearWith('authorization: Bearer watcher', `x-api-key: ${KEY}`), '403 scope_missing')
  t.notOk(service.log.slice(before).some((line) => line.msg === 'cache cleared'))
})

t.test('a key in the address opens nothing', async (t) => {
  for (const name of ['x-api-key', 'api_key', 'apikey', 'key', 'access_token', 'authorization']) {
    const query = `${name}=${encodeURIComponent(KEY)}`
    isProblem(t, await send(service, `/cache/stats?${query}`), 'key_required', [], name)
    isProblem(t, await send(service, `/cache/clear?${query}`, { method: 'DELETE' }), 'key_required', [], name)
  }
})

t.test('OPTIONS and HEAD of ops routes open nothing', async (t) => {
  t.equal((await send(service, '/cache/stats', { method: 'HEAD' })).status, 401)
  for (const [method, path] of [
    ['OPTIONS', '/cache/stats'],
    ['OPTIONS', '/cache/clear'],
    ['HEAD', '/cache/clear'],
  ] as const)
    t.equal(
      (await send(service, path, { method, headers: { 'x-api-key': KEY } })).status,
      405,
      `${method} ${path}`,
    )
})

t.test('a key is looked for by its hash, among all keys to the last, wherever it stands', (t) => {
  const keys = parseApiKeys(apiKeys({ first: 'ops', second: 'stats', third: 'read', last: 'ingest' }))
  const real = crypto.timingSafeEqual
  const compared: [Buffer, Buffer][] = []
  t.teardown(() => {
    crypto.timingSafeEqual = real
    syncBuiltinESMExports()
  })
  crypto.timingSafeEqual = (left, right) => {
    compared.push([left as Buffer, right as Buffer])
    return real(left, right)
  }
  syncBuiltinESMExports()
  for (const presented of ['first', 'last', 'none', '', 'x'.repeat(16_384), hashOf('first')]) {
    compared.length = 0
    const found = findKey(keys, presented)
    t.equal(found?.name, keys.find((key) => key.name === presented)?.name, presented.slice(0, 10))
    t.strictSame(
      compared.map(([known]) => known),
      keys.map((key) => key.hash),
    )
    const hash = createHash('sha256').update(presented).digest()
    t.ok(
      compared.every(([, other]) => other.equals(hash)),
      'the hash of what was presented',
    )
  }
  t.end()
})
