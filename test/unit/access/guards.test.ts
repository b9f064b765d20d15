// Who counts as a direct request of this machine, where a key is looked for, and which origins and keys a configuration may name.
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { findKey, parseApiKeys } from '../../../src/access/keys.ts'
import { whyNotLocal } from '../../../src/access/local.ts'
import { parseOrigins } from '../../../src/access/origins.ts'
import { presentedKey } from '../../../src/access/presented-key.ts'

interface Given {
  headers?: [name: string, value: string][]
  from?: string
  url?: string
  trustProxy?: boolean
}

/** As Node hands a request over. One that has Host or Authorization twice was refused before. */
function rawOf(headers: [string, string][]): Pick<IncomingMessage, 'headers'> {
  return { headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])) }
}

function whyNot({
  headers = [],
  from = '127.0.0.1',
  url = '/cache/clear',
  trustProxy = false,
}: Given): string | null {
  const raw = rawOf([['Host', 'localhost:3000'], ...headers])
  const request = { ...raw, url, socket: { remoteAddress: from } } as unknown as FastifyRequest
  return whyNotLocal(request, trustProxy)
}

t.test('a direct request of this machine', (t) => {
  for (const from of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    t.equal(whyNot({ from }), null, from)
  t.equal(whyNot({ headers: [['Origin', 'http://localhost:3000']] }), null, 'from the page of this service')
  t.end()
})

t.test('one that merely looks like it', (t) => {
  for (const from of ['192.0.2.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', '1127.0.0.1'])
    t.equal(whyNot({ from }), 'it comes from another machine', from)
  t.match(whyNot({ trustProxy: true }), /^TRUST_PROXY/)
  for (const name of ['X-Forwarded-For', 'forwarded', 'Via', 'X-Real-IP', 'CF-Connecting-IP', 'x-client-ip'])
    t.equal(whyNot({ headers: [[name, 'x']] }), 'it comes through a proxy', name)
  t.match(whyNot({ url: 'http://localhost:3000/cache/clear' }), /whole URL/)
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', ''])
    t.equal(whyNot({ headers: [['host', host]] }), 'its Host header is not a local one', host)
  for (const origin of [
    'http://evil.example',
    'http://localhost:3001',
    'null',
    'https://localhost:3000.evil.example',
  ])
    t.equal(whyNot({ headers: [['Origin', origin]] }), 'it comes from a foreign web page', origin)
  t.end()
})

t.test('where a key is looked for', (t) => {
  const keyOf = (...headers: [string, string][]) => presentedKey(rawOf(headers) as IncomingMessage)
  t.equal(keyOf(['Authorization', 'bearer  secret']), 'secret')
  t.equal(keyOf(['x-api-key', 'secret']), 'secret')
  t.equal(keyOf(['Authorization', 'Bearer one'], ['x-api-key', 'other']), 'one')
  t.equal(keyOf(['Authorization', 'Basic eDp5'], ['x-api-key', 'other']), 'other')
  for (const headers of [[], [['Authorization', 'Bearer a b']], [['x-api-key', '']]] as [string, string][][])
    t.equal(keyOf(...headers), null)
  t.end()
})

t.test('which keys may be configured, and which one was presented', (t) => {
  // SHA-256 of "abc".
  const HASH = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  const keys = parseApiKeys(`one:read+ops:${HASH},other:stats:${'0'.repeat(64)}`)
  t.match(findKey(keys, 'abc'), { name: 'one' })
  t.strictSame([...findKey(keys, 'abc')!.scopes], ['read', 'ops'])
  t.equal(findKey(keys, 'abd'), null)
  t.equal(findKey([], 'abc'), null)
  t.strictSame(parseApiKeys(undefined), [])
  t.throws(() => parseApiKeys(`one:read:${HASH},one:ops:${HASH}`), { message: /the name one stands twice/ })
  t.throws(() => parseApiKeys(`one:read+all:${HASH}`), { message: /one has the unknown scope all/ })
  t.end()
})

t.test('which origins may be configured', (t) => {
  t.equal(parseOrigins(undefined), null)
  t.equal(parseOrigins('*'), '*')
  t.strictSame(
    [...(parseOrigins('https://a.example,http://localhost:3000') as ReadonlySet<string>)],
    ['https://a.example', 'http://localhost:3000'],
  )
  for (const [text, complaint] of Object.entries({
    'https://a.example/': /not written as browsers send it/,
    'https://a.example/path': /not written as browsers send it, which is https:\/\/a\.example$/,
    'https://A.example': /not written as/,
    'https://a.example:443': /not written as/,
    'https://*.a.example': /wildcard/,
    'https://a.example,*': /cannot stand beside others/,
    'a.example': /is not an origin/,
    'ftp://a.example': /is not an origin/,
  }))
    t.throws(() => parseOrigins(text), { message: complaint }, text)
  t.end()
})
