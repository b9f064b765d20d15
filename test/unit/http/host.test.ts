// The Host header: which values can name a host.
import t from 'tap'
import { isHost } from '../../../src/http/host.ts'

t.test('a name or an address, with a port or without', (t) => {
  for (const host of [
    '',
    'localhost',
    'localhost:3000',
    'example.com:',
    'a_b.example',
    '192.0.2.1:80',
    '[::1]',
    '[::ffff:192.0.2.1]:3000',
    'caf%C3%A9.example',
  ])
    t.ok(isHost(host), host)
  t.end()
})

t.test('nothing beside it', (t) => {
  for (const host of [
    'a b',
    'a/b',
    'a@b',
    'a?b',
    'a,b:80,c',
    'localhost:3000/x',
    'localhost:port',
    'localhost:80:80',
    '[::1',
    '::1',
    '[localhost]',
    '%zz',
    'é',
  ])
    t.notOk(isHost(host), host)
  t.end()
})
