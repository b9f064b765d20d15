// A transaction whose connection may be lost, by a clock that the test moves.
import type { Sql, TransactionSql } from 'postgres'
import t from 'tap'
import { inTransaction } from '../../../src/db/transaction.ts'
import { gate } from '../../support/gate.ts'
import { manualTime } from '../../support/manual-time.ts'

const CONFIRMED_MS = 1000

class Closed extends Error {
  readonly code = 'CONNECTION_CLOSED'
}

/** A pool whose transactions end with their work, or by a loss that the test makes. */
function world() {
  const time = manualTime()
  const loss = gate<never>()
  let isRolledBack = false as boolean
  const begin = async (work: (session: TransactionSql) => Promise<unknown>): Promise<unknown> => {
    const working = work((() => Promise.resolve([])) as unknown as TransactionSql).catch((error: unknown) => {
      isRolledBack = true
      throw error
    })
    return Promise.race([working, loss.promise])
  }
  const over: string[] = []
  const run = (work: (session: TransactionSql) => Promise<string>): void => {
    inTransaction({ begin } as unknown as Sql, work, time).then(
      (result) => over.push(result),
      (error: unknown) => over.push(String(error)),
    )
  }
  return { time, loss, over, run, isRolledBack: () => isRolledBack }
}

t.test(
  'an error that says the connection is lost is waited out: what follows a loss ends the transaction',
  async (t) => {
    const { time, loss, over, run, isRolledBack } = world()
    run(() => Promise.reject(new Closed('write failed')))
    await time.advance(CONFIRMED_MS - 1)
    t.strictSame(over, [])
    loss.fail(new Closed('lost'))
    await time.advance(CONFIRMED_MS)
    t.strictSame(over, ['Error: lost'])
    t.equal(
      isRolledBack(),
      false,
      'settled after a loss, the work would have postgres.js write on a socket that is gone',
    )
  },
)

t.test('one that only looks like it does not keep the transaction open', async (t) => {
  const { time, over, run, isRolledBack } = world()
  run(() => Promise.reject(new Closed('of another connection')))
  await time.advance(CONFIRMED_MS - 1)
  t.equal(isRolledBack(), false)
  await time.advance(1)
  t.equal(isRolledBack(), true)
  t.strictSame(over, ['Error: of another connection'])
})

t.test('any other error ends it at once', async (t) => {
  const { time, over, run, isRolledBack } = world()
  run(() => Promise.reject(new Error('wrong')))
  await time.advance(0)
  t.strictSame([over, isRolledBack()], [['Error: wrong'], true])
})
