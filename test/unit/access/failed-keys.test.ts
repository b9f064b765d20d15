// Wrong keys by client, by a clock of the test's own: what is tolerated, for how long one waits, what the log hears, what memory holds.
import t from 'tap'
import { clientNetwork } from '../../../src/access/client-network.ts'
import { FailedKeys } from '../../../src/access/failed-keys.ts'
import { WindowCounter } from '../../../src/access/window-counter.ts'
import { manualTime } from '../../support/manual-time.ts'

function watched() {
  const time = manualTime()
  const lines: [client: string, unlogged: number][] = []
  const failed = new FailedKeys((...line) => lines.push(line), time)
  const notes = (address: string, times: number) => Array.from({ length: times }, () => failed.note(address))
  return { time, lines, failed, notes }
}

t.test('ten a minute are tolerated, then one waits for the rest of the minute', async (t) => {
  const { time, failed, notes } = watched()
  t.strictSame(notes('192.0.2.1', 10), Array(10).fill(null))
  t.equal(failed.note('192.0.2.1'), 60)
  t.equal(failed.note('192.0.2.2'), null, 'others are counted by themselves')
  await time.advance(59_999)
  t.equal(failed.note('192.0.2.1'), 1, 'a second more is not asked for by trying again')
  await time.advance(1)
  t.strictSame(notes('192.0.2.1', 10), Array(10).fill(null), 'and the next minute begins anew')
  t.equal(failed.note('192.0.2.1'), 60)
})

t.test('the log has a line for each client and minute, and a bounded number of them', async (t) => {
  const { time, lines, notes } = watched()
  notes('192.0.2.1', 1000)
  t.strictSame(lines, [['192.0.2.1', 0]])
  for (let host = 2; host <= 40; host++) notes(`192.0.2.${host}`, 12)
  t.equal(lines.length, 10)
  await time.advance(60_000)
  notes('192.0.2.1', 12)
  t.strictSame(lines.slice(10), [['192.0.2.1', 30]], 'those left out are counted')
})

t.test('memory is bounded, and the client that was quiet longest is forgotten first', (t) => {
  const { failed, notes } = watched()
  notes('192.0.2.1', 10)
  for (let index = 0; index < 10_100; index++) {
    failed.note(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)
    if (index % 5000 === 0) t.type(failed.note('192.0.2.1'), 'number')
  }
  t.equal(failed.clients, 10_000)
  const counter = new WindowCounter(1000, 2, manualTime())
  for (const key of ['a', 'b', 'a', 'c', 'a']) counter.count(key)
  t.match([counter.count('a'), counter.count('b')], [{ count: 4 }, { count: 1 }])
  t.end()
})

t.test('a client is an IPv4 address or a /64', (t) => {
  for (const [address, client] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:201', '192.0.2.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:0:0:192.0.2.1', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['2001:db8::1:2:0:0:1', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ] as const)
    t.equal(clientNetwork(address), client, address)
  for (const address of [
    undefined,
    '',
    'unknown',
    '0x7f.1',
    '127.1',
    '1.2.3.4:80',
    '_hidden',
    'x'.repeat(9999),
  ])
    t.equal(clientNetwork(address), 'unknown', address?.slice(0, 20) ?? 'none')
  t.end()
})
