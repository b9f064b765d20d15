// `analyse`: a text or a file to the running service, which analyses it or has the result already.
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { CommandContext } from './context.ts'
import { CommandError, EXIT } from './exits.ts'
import { addressText, order, queryOf, type ServiceRequest } from './service.ts'
import { shown } from './show.ts'

export interface AnalyseOptions {
  /** Whether the bytes are sent as they are, and as what. */
  file?: boolean
  type?: string
  analyser?: string
  language?: string
  tone?: string
  parameter?: Record<string, unknown>
  anew?: boolean
}

const PATH = 'api/v1/analyses'
/** An analyser may take minutes. The call goes on when nobody waits. */
const LIMIT_MS = 290_000
/** Some more than the longest text that the service takes has. */
const TEXT_MAX_BYTES = 2 * 1024 * 1024

/** @param file a path, or `-` for standard input. Returns the exit code. @throws CommandError where nothing was analysed. */
export async function runAnalyse(
  context: CommandContext,
  file: string,
  subject: string | undefined,
  options: AnalyseOptions,
): Promise<number> {
  const content = await openContent(file)
  const { headers = {}, ...request } = options.file
    ? fileRequest(content, subject, options)
    : await textRequest(content, subject, options)
  const anew = options.anew === true ? { 'cache-control': 'no-cache' } : {}
  const answer = await order(context.address, request.path, {
    ...request,
    method: 'POST',
    headers: { ...headers, ...anew },
    limitMs: LIMIT_MS,
  }).finally(() => content.destroy())
  const cache = answer.headers.get('x-cache') ?? ''
  const service = addressText(context.address)
  context.output(
    { service, cache, ...answer.body },
    `${service}: ${outcomeText(cache, answer.body)}\n${shown(answer.body)}`,
  )
  return EXIT.ok
}

type Sent = Pick<ServiceRequest, 'headers' | 'body'> & { path: string }

async function textRequest(
  content: Readable,
  subject: string | undefined,
  { analyser, language, tone, parameter }: AnalyseOptions,
): Promise<Sent> {
  const text = await textOf(content)
  const body = { text, analyser, language, tone, parameters: parameter, subject }
  return { path: PATH, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

function fileRequest(
  content: Readable,
  subject: string | undefined,
  { type = 'application/octet-stream', analyser, language, tone, parameter }: AnalyseOptions,
): Sent {
  const asked = { analyser, language, tone, parameters: parameter && JSON.stringify(parameter) }
  const query = queryOf(asked)
  // A header holds bytes: the service reads them as UTF-8. Blanks at its ends would be lost on the way.
  if (subject !== undefined && subject !== subject.trim())
    throw new CommandError('the subject of a file must not begin or end with a blank', {
      exitCode: EXIT.usage,
    })
  const who = subject === undefined ? {} : { 'x-subject': Buffer.from(subject).toString('latin1') }
  return {
    path: query === '' ? PATH : `${PATH}?${query}`,
    headers: { 'content-type': type, ...who },
    body: content,
  }
}

async function textOf(content: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of content as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > TEXT_MAX_BYTES)
      throw new CommandError('that is too long for a text; --file sends it as a file', {
        exitCode: EXIT.usage,
      })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw new CommandError('that is no text in UTF-8; --file sends it as a file', {
      cause: error,
      exitCode: EXIT.usage,
    })
  }
}

async function openContent(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  try {
    const handle = await open(file)
    if ((await handle.stat()).isDirectory()) throw new Error(`${file} is a directory`)
    return handle.createReadStream()
  } catch (error) {
    throw new CommandError(`the file cannot be opened: ${(error as Error).message}`, { cause: error })
  }
}

function outcomeText(cache: string, { cost, analysed_at: at }: Record<string, unknown>): string {
  const { amount = '', currency = '' } = (cost ?? {}) as { amount?: string; currency?: string }
  const price = `${amount} ${currency}`.trim()
  if (cache === 'MISS') return `MISS, analysed for ${price}`
  return `${cache}, analysed at ${String(at)} for ${price}`
}
