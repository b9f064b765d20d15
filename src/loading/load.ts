// Loads one stream of bars or articles in one transaction: all of it becomes visible at once. The scores that follow from it come right after.
import type { Readable } from 'node:stream'
import type { Sql, TransactionSql } from 'postgres'
import { readArticles } from './articles.ts'
import { readBars } from './bars.ts'
import { beginInput } from './beginning.ts'
import type { Format } from './formats.ts'
import { Notes } from './notes.ts'
import { readScorePosition, scorePending } from './pending-scores.ts'
import { LoadError, ScoresUnfinished, type LoadProgress, type LoadReport, type Parsed } from './report.ts'
import { stageRows, type OnError, type Staging } from './staging.ts'
import { Turns } from './turns.ts'
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

/** What is worked off at a stretch: a few hundred lines, or thousands that are as short as can be. */
const SLICE_BYTES = 8192

export const SYMBOL_PATTERN = /^[A-Za-z0-9^.=_-]{1,32}$/

/**
 * Loads what can be loaded of an input of any size, in constant memory; a line that cannot is counted and reported, and the rest is loaded.
 * Rows are identified by symbol and date, or by URL. Of several articles with one URL the last wins; bars of one date that differ are all rejected.
 * Loading the same again changes nothing.
 *
 * @throws LoadError when the input is refused as a whole or cannot be read, or PostgreSQL is away; RowsRejected when it was asked to keep all or
 *   nothing. Nothing was kept then. ScoresUnfinished when all is loaded, and only the scores are not computed.
 */
export async function load(options: Load): Promise<LoadReport> {
  if (options.kind === 'bars' && !SYMBOL_PATTERN.test(options.symbol)) {
    throw new LoadError(`symbol ${JSON.stringify(options.symbol)} does not match ${SYMBOL_PATTERN.source}`)
  }
  // An input that fails before it is read must not be an event that nobody listens to; reading it throws the same error.
  options.input.on('error', () => undefined)
  let last: LoadProgress | undefined
  const onProgress = (progress: LoadProgress): void => options.onProgress?.((last = progress))
  /** How far the scores were up to date while nobody could know of this load. */
  let scored: number | null = null
  const report = await inLoadTransaction(options.pool, async (session) => {
    const done = await (options.kind === 'bars'
      ? loadBars(session, { ...options, onProgress })
      : loadArticles(session, { ...options, onProgress }))
    if (options.dryRun === true) throw new Tried(done)
    scored = await readScorePosition(session)
    return done
  }).catch((error: unknown) => {
    if (error instanceof Tried) return error.report
    // With the connection gone, whoever still reads must not go on.
    options.input.destroy()
    throw error
  })
  if (options.leavesScores === true || options.dryRun === true) return report
  if (last !== undefined) onProgress({ ...last, phase: 'scoring' })
  return finishScores(options, report, scored)
}

async function finishScores(
  { pool, bondSymbol }: Pick<CommonOptions, 'pool' | 'bondSymbol'>,
  report: LoadReport,
  scored: number | null,
): Promise<LoadReport> {
  try {
    const { outcome, changed, position } = await scorePending({
      pool,
      bondSymbol,
      waits: true,
      insists: true,
    })
    // Nothing was left to do, and somebody has done something since: a service that runs was quicker.
    const isByOthers = outcome === 'nothing' && position !== scored
    return { ...report, scoresChanged: isByOthers ? null : changed }
  } catch (error) {
    throw new ScoresUnfinished({ ...report, scoresChanged: null }, reasonOf(error), { cause: error })
  }
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
export async function rescore(pool: Sql, bondSymbol?: string): Promise<{ scoresChanged: number }> {
  try {
    const { changed } = await scorePending({ pool, bondSymbol, waits: true, insists: true, all: true })
    return { scoresChanged: changed }
  } catch (error) {
    throw new LoadError(`the scores could not be computed: ${reasonOf(error)}`, { cause: error })
  }
}

async function loadBars(session: TransactionSql, options: BarLoad): Promise<LoadReport> {
  const report = await stage(session, options, BAR_STAGING, 'csv', (input, format, notes) =>
    readBars(input, format, options, notes),
  )
  if (report.read === report.rejected) return report
  const { id } = await upsertInstrument(session, options)
  await upsertBars(session, id, report)
  return report
}

async function loadArticles(session: TransactionSql, options: ArticleLoad): Promise<LoadReport> {
  const report = await stage(session, options, ARTICLE_STAGING, 'ndjson', readArticles)
  await upsertArticles(session, report)
  return report
}

/** Reads the input to its end and takes the turn to write. @throws LoadError also when there is no record in it. */
async function stage<Row extends object>(
  session: TransactionSql,
  { input, format: stated, onError = 'skip', onProgress }: Load,
  staging: Staging<Row>,
  usual: Format,
  read: (input: AsyncIterable<Uint8Array>, format: Format, notes: Notes) => AsyncIterable<Parsed<Row>[]>,
): Promise<LoadReport> {
  const report: LoadReport = {
    read: 0,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    duplicates: 0,
    rejected: 0,
    rejections: [],
    ignored: [],
    warnings: [],
    scoresChanged: 0,
  }
  let size = 0
  const advance = (phase: LoadProgress['phase']) => onProgress?.({ phase, bytes: size, rows: report.read })
  const metered = meter(input, (bytes) => {
    size += bytes
    advance('reading')
  })
  const notes = new Notes()
  const { format, bytes } = await beginInput(metered, stated, usual)
  await stageRows(session, staging, read(bytes, format, notes), report, onError)
  if (report.read === 0 && size > 0)
    throw new LoadError(`nothing was read: there is no record in the ${size} bytes of the input`)
  report.ignored = notes.ignored
  report.warnings = notes.warnings
  advance('writing')
  await takeTurn(session)
  return report
}

/** The input's bytes, reported once they are worked off. @throws LoadError when it breaks off. */
async function* meter(input: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const turns = new Turns()
  try {
    for await (const chunk of input as AsyncIterable<Uint8Array | string>) {
      const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      for (let start = 0; start < piece.length; start += SLICE_BYTES) {
        yield piece.subarray(start, start + SLICE_BYTES)
        // What becomes of a slice is done when the next one is asked for.
        await turns.rest()
      }
      onBytes(piece.length)
    }
  } catch (error) {
    throw new LoadError(
      `the input could not be read to its end: ${readingReason(error)}; nothing was loaded`,
      {
        cause: error,
        kind: 'unreadable',
      },
    )
  }
}

function readingReason(error: unknown): string {
  const { code } = error as { code?: unknown }
  if (code === 'Z_BUF_ERROR') return 'the gzip ends early'
  return String(code).startsWith('Z_') ? `it is not valid gzip (${reasonOf(error)})` : reasonOf(error)
}
