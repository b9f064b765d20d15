// `load`: a file or standard input into the database, and its report. Whoever serves from there hears of it from the database itself.
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { OpenDatabase } from '../db/open.ts'
import type { Format } from '../loading/formats.ts'
import { load, type ArticleLoad, type BarLoad } from '../loading/load.ts'
import { LoadError, ScoresUnfinished, type LoadReport } from '../loading/report.ts'
import type { ReportContext } from './context.ts'
import { withDatabase } from './database.ts'
import { CommandError, EXIT } from './exits.ts'
import { showProgress } from './progress.ts'
import { reportText } from './texts.ts'

type Common = Pick<ArticleLoad, 'format' | 'onError' | 'dryRun'>
export type LoadTarget = Common &
  (
    | Pick<BarLoad, 'kind' | 'symbol' | 'name' | 'instrumentKind' | 'currency' | 'exchange'>
    | Pick<ArticleLoad, 'kind'>
  )

interface Input {
  /** Unpacked. */
  stream: Readable
  /** In bytes; null where it is not known. */
  size: number | null
  /** Of these, as the file has them. */
  bytesRead: () => number | null
}

const SCORES_FOLLOW =
  'the data are loaded, their scores are not computed: a service that runs will do it, or rescore'
/** What a gzipped file begins with. */
const GZIP = Buffer.from([0x1f, 0x8b])
const FORMAT_OF_NAME = /\.(ndjson|jsonl|csv|json)(\.gz)?$/i

/**
 * @param file a path, or `-` for standard input. @param creates whether an embedded database may be made.
 * @returns the exit code. @throws LoadError or CommandError when nothing was loaded.
 */
export async function runLoad(
  context: ReportContext,
  file: string,
  target: LoadTarget,
  creates: boolean,
): Promise<number> {
  // Before a database is started for it: a misspelt name is the most common mistake.
  const input = await openInput(file)
  const work = async (database: OpenDatabase): Promise<number> => {
    const format = target.format ?? formatOf(file)
    const result = await loadOrInterrupt(context, database, input, { ...target, format })
    if (result === null) {
      console.error('interrupted; nothing was loaded')
      return EXIT.interrupted
    }
    const { report, unfinished } = result
    const title = `${titleOf(target, file)}${target.dryRun === true ? ', tried' : ''}`
    const { description } = database
    context.output({ ...report, database: description }, reportText(title, report, description))
    if (unfinished !== null) {
      console.error(unfinished.text)
      return unfinished.exitCode
    }
    return report.rejected > 0 ? EXIT.rejectedLines : EXIT.ok
  }
  return withDatabase(context.config, work, creates ? 'creates' : 'may create')
}

interface Result {
  report: LoadReport
  /** Null unless the scores are still to be computed. */
  unfinished: { text: string; exitCode: number } | null
}

/** Null when SIGINT or SIGTERM came before the commit. @throws LoadError, also where it came at the commit itself, so that nobody knows. */
async function loadOrInterrupt(
  { config }: ReportContext,
  database: OpenDatabase,
  { stream, size, bytesRead }: Input,
  target: LoadTarget,
): Promise<Result | null> {
  const progress = showProgress(size, process.stderr)
  const interruption = new AbortController()
  const interrupt = () => {
    interruption.abort()
    stream.destroy(new Error('interrupted'))
    // Past the input a statement may run for long: losing the connection ends the transaction as well.
    void database.close()
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const report = await load({
      ...target,
      pool: database.pool,
      input: stream,
      bondSymbol: config.BOND_SYMBOL,
      onProgress: (state) => progress.update({ ...state, bytes: bytesRead() ?? state.bytes }),
    })
    return { report, unfinished: null }
  } catch (error) {
    const { aborted } = interruption.signal
    if (error instanceof ScoresUnfinished) {
      const text = aborted ? `interrupted; ${SCORES_FOLLOW}` : `error: ${error.message}`
      return {
        report: error.report,
        unfinished: { text, exitCode: aborted ? EXIT.interrupted : EXIT.failed },
      }
    }
    const isKnown = !(error instanceof LoadError && error.kind === 'uncertain')
    if (aborted && isKnown) return null
    throw error
  } finally {
    progress.stop()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

async function openInput(file: string): Promise<Input> {
  try {
    if (file === '-') return { stream: await unpacked(process.stdin), size: null, bytesRead: () => null }
    const handle = await open(file)
    const stats = await handle.stat()
    const stream = handle.createReadStream()
    return {
      stream: await unpacked(stream),
      // A pipe or a device has a size of 0 that says nothing.
      size: stats.isFile() ? stats.size : null,
      bytesRead: () => stream.bytesRead,
    }
  } catch (error) {
    throw new CommandError(`the file cannot be opened: ${(error as Error).message}`, { cause: error })
  }
}

/** A packed input is known by its first bytes: standard input has no name. */
async function unpacked(stream: Readable): Promise<Readable> {
  await once(stream, 'readable')
  stream.on('error', kept)
  const head = stream.read() as Buffer | null
  if (head === null) return stream
  stream.unshift(head)
  if (!head.subarray(0, GZIP.length).equals(GZIP)) return stream
  const plain = createGunzip().on('error', kept)
  pipeline(stream, plain, () => undefined)
  return plain
}

/** A short input may be found broken before its reader is there, which is still waiting for the database; reading it throws the same error then. */
function kept(): void {
  // Nothing else: the stream keeps it.
}

/** By its name; undefined where that says nothing. */
function formatOf(file: string): Format | undefined {
  const ending = FORMAT_OF_NAME.exec(file)?.[1]?.toLowerCase()
  return ending === 'jsonl' ? 'ndjson' : (ending as Format | undefined)
}

function titleOf(target: LoadTarget, file: string): string {
  const what = target.kind === 'bars' ? `bars of ${target.symbol}` : 'articles'
  return `${what} from ${file === '-' ? 'standard input' : file}`
}
