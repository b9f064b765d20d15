// Single flight: who joins whom, and what is left behind.
import t from 'tap'
import { Flights, type Answer, type Flight } from '../../../src/cache/flights.ts'
import { entryWith } from '../../support/held-entries.ts'
import { gate } from '../../support/gate.ts'

const BEGAN = { epoch: 'log', position: 0, owedSeen: 0 }
const anyone = () => true
const nobody = () => false

/** A flight that lands when the test says so. */
function flightOf(name: string) {
  const { promise, open, fail } = gate<Answer>()
  const flight: Flight = { began: BEGAN, startedAt: 0, stale: null, result: promise }
  const answer: Answer = { entry: entryWith(Buffer.from(name)), outcome: 'MISS', tier: 'load' }
  return { flight, start: () => flight, land: () => open(answer), crash: fail }
}

function unexpected(): Flight {
  throw new Error('a second flight was started')
}

t.test('who comes while a flight runs joins it, if the flight will do; other keys fly alone', async (t) => {
  const flights = new Flights()
  const [a, b] = [flightOf('a'), flightOf('b')]
  t.equal(flights.joinOrStart('a', nobody, a.start), a.flight, 'the first one asks nobody')
  t.equal(flights.joinOrStart('b', anyone, b.start), b.flight)
  t.equal(
    flights.joinOrStart('a', (running) => running === a.flight, unexpected),
    a.flight,
  )
  t.equal(flights.size, 2)
  a.land()
  b.land()
  await Promise.all([a.flight.result, b.flight.result])
  t.equal(flights.size, 0, 'nothing is left behind')
})

t.test('a flight that will not do is overtaken, and its landing leaves its successor alone', async (t) => {
  const flights = new Flights()
  const [old, young] = [flightOf('old'), flightOf('young')]
  flights.joinOrStart('a', anyone, old.start)
  t.equal(flights.joinOrStart('a', nobody, young.start), young.flight)
  old.land()
  await old.flight.result
  t.equal(flights.joinOrStart('a', anyone, unexpected), young.flight)
  young.crash(new Error('down'))
  await t.rejects(young.flight.result)
  t.equal(flights.size, 0)
})

t.test('a failure reaches those who joined and nobody after them', async (t) => {
  const flights = new Flights()
  const failing = flightOf('failing')
  flights.joinOrStart('a', anyone, failing.start)
  const joined = flights.joinOrStart('a', anyone, unexpected)
  // The first of those who wait is the earliest who can come again.
  const later = joined.result.catch(() => {
    const next = flightOf('next')
    return flights.joinOrStart('a', anyone, next.start) === next.flight
  })
  failing.crash(new Error('down'))
  await t.rejects(joined.result, { message: 'down' })
  t.equal(await later, true, 'started anew at once')
})
