// Loads one stream of bars or articles in one transaction: all of it becomes visible at once. The scores that follow from it come right after.
import type { Readable } from 'node:stream'
import type { Sql, TransactionSql } from 'postgres'
import { readArticles } from './articles.ts'
import { readBars } from './bars.ts'
import type { Format } from './formats.ts'
import { scorePending, type Scoring } from './pending-scores.ts'
import { LoadError, type LoadProgress, type LoadReport, type Parsed } from './report.ts'
import { stageRows, type OnError, type Staging } from './staging.ts'
import { inLoadTransaction, reasonOf, takeTurn } from './transaction.ts'
import { ARTICLE_STAGING, upsertArticles } from './upsert-articles.ts'
import { BAR_STAGING, upsertBars, upsertInstrument, type InstrumentChoice } from './upsert-bars.ts'

interface CommonOptions {
  /** One connection of it is used; its statement limit does not apply. */
  pool: Sql
  /** Bytes, read once. Destroying it with an error ends the load; a load that fails destroys it. */
  input: Readable
  /** Of the input: `csv` for bars and `ndjson` for articles unless given. */
  format?: Format | undefined
  /** What a line that cannot be loaded means: it is left out (so unless given), or nothing is kept. */
  onError?: OnError | undefined
  /** Everything is done, counted and undone. */
  dryRun?: boolean | undefined
  /** The instrument of the score's `equity_vs_bonds` component, if there is one. */
  bondSymbol?: string | undefined
  /** Leaves the scores to the service: one runs that hears of the commit. */
  leavesScores?: boolean
  onProgress?: ((progress: LoadProgress) => void) | undefined
}

/** One instrument's daily bars; a symbol not seen before makes an instrument. */
export type BarLoad = CommonOptions & InstrumentChoice & { kind: 'bars' }
/** Press articles; a source not seen before is created with its code as its name. */
export type ArticleLoad = CommonOptions & { kind: 'articles' }
type Load = BarLoad | ArticleLoad

export const SYMBOL_PATTERN = /^[A-Za-z0-9^.=_-]{1,32}$/

/**
 * Loads what can be loaded of an input of any size, in constant memory; a line that cannot is counted and reported, and the rest is loaded.
 * Rows are identified by symbol and date, or by URL; of several lines with one key the last wins; loading the same again changes nothing.
 *
 * @throws LoadError when the input is refused as a whole or cannot be read, or PostgreSQL is away; RowsRejected when it was asked to keep all or
 *   nothing. Nothing was kept then.
 */
export async function load(options: Load): Promise<LoadReport> {
  if (options.kind === 'bars' && !SYMBOL_PATTERN.test(options.symbol)) {
    throw new LoadError(`symbol ${JSON.stringify(options.symbol)} does not match ${SYMBOL_PATTERN.source}`)
  }
  // An input that fails before it is read must not be an event that nobody listens to; reading it throws the same error.
  options.input.on('error', () => undefined)
  let last: LoadProgress | undefined
  const onProgress = (progress: LoadProgress): void => options.onProgress?.((last = progress))
  const report = await inLoadTransaction(options.pool, async (session) => {
    const done = await (options.kind === 'bars'
      ? loadBars(session, { ...options, onProgress })
      : loadArticles(session, { ...options, onProgress }))
    if (options.dryRun === true) throw new Tried(done)
    return done
  }).catch((error: unknown) => {
    if (error instanceof Tried) return error.report
    // With the connection gone, whoever still reads must not go on.
    options.input.destroy()
    throw error
  })
  if (options.leavesScores === true) return report
  if (last !== undefined) onProgress({ ...last, phase: 'scoring' })
  return { ...report, scoresChanged: (await score(options, {})).changed }
}

/** What makes the transaction roll back when it was only tried. */
class Tried extends Error {
  readonly report: LoadReport

  constructor(report: LoadReport) {
    super('tried, not kept')
    this.report = report
  }
}

/** Scores every index anew: after a change of the bond symbol, or where triggers did not see what was written. @throws LoadError */
export async function rescore(pool: Sql, bondSymbol?: string): Promise<Pick<LoadReport, 'scoresChanged'>> {
  const { changed } = await score({ pool, bondSymbol }, { all: true })
  return { scoresChanged: changed }
}

/** After the commit: of what was loaded, nothing is lost when this fails. */
async function score(
  { pool, bondSymbol }: Pick<CommonOptions, 'pool' | 'bondSymbol'>,
  how: { all?: boolean },
): Promise<Scoring> {
  try {
    return await scorePending({ pool, bondSymbol, waits: true, insists: true, ...how })
  } catch (error) {
    throw new LoadError(
      `the scores could not be computed: ${reasonOf(error)}; what was loaded is kept, and a service that runs will compute them, or rescore`,
      { cause: error },
    )
  }
}

async function loadBars(session: TransactionSql, options: BarLoad): Promise<LoadReport> {
  const report = await stage(session, options, BAR_STAGING, readBars)
  if (report.read === report.rejected) return report
  const { id } = await upsertInstrument(session, options)
  await upsertBars(session, id, report)
  return report
}

async function loadArticles(session: TransactionSql, options: ArticleLoad): Promise<LoadReport> {
  const report = await stage(session, options, ARTICLE_STAGING, readArticles)
  await upsertArticles(session, report)
  return report
}

/** Reads the input to its end and takes the turn to write. */
async function stage<Row extends object>(
  session: TransactionSql,
  { input, format, onError = 'skip', onProgress }: Load,
  staging: Staging<Row>,
  read: (input: AsyncIterable<Uint8Array>, format: Format | undefined) => AsyncIterable<Parsed<Row>[]>,
): Promise<LoadReport> {
  const report: LoadReport = {
    read: 0,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    duplicates: 0,
    rejected: 0,
    rejections: [],
    scoresChanged: 0,
  }
  let bytes = 0
  const advance = (phase: LoadProgress['phase']) => onProgress?.({ phase, bytes, rows: report.read })
  async function* metered(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of input as AsyncIterable<Uint8Array | string>) {
        const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        bytes += piece.length
        yield piece
        advance('reading')
      }
    } catch (error) {
      throw new LoadError(`the input could not be read to its end: ${reasonOf(error)}; nothing was loaded`, {
        cause: error,
        kind: 'unreadable',
      })
    }
  }
  await stageRows(session, staging, read(metered(), format), report, onError)
  advance('writing')
  await takeTurn(session)
  return report
}
