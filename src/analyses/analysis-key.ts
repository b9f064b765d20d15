// The key that personal results are sealed with: given as ANALYSIS_KEY, or made once under DATA_DIR.
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import path from 'node:path'

const KEY_BYTES = 32
const HEX = /^[0-9a-f]{64}$/i
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/
const FILE_NAME = 'analysis.key'
const OWNER_ALONE = 0o600

/** What ANALYSIS_KEY takes, in words that go on from "must be". */
export const ANALYSIS_KEY_FORM =
  '32 random bytes, as 64 hexadecimal digits or in base64: `openssl rand -hex 32` prints some'

export interface KeySource {
  /** ANALYSIS_KEY; undefined where it is not set. */
  given: string | undefined
  /** Where a key may be made and kept; null without the embedded PostgreSQL, whose data then outlives the directory. */
  dataDir: string | null
}

/**
 * The key, 32 bytes; null where none is given and none may be made: subjects are refused then.
 *
 * @throws Error that names ANALYSIS_KEY, or the file, and never shows a key.
 */
export async function analysisKey({ given, dataDir }: KeySource): Promise<Buffer | null> {
  if (given !== undefined) {
    const key = parseAnalysisKey(given)
    if (key === null) throw new Error(`ANALYSIS_KEY must be ${ANALYSIS_KEY_FORM}`)
    return key
  }
  return dataDir === null ? null : await keptKey(dataDir)
}

/** Where a key that was made is kept. */
export function analysisKeyFile(dataDir: string): string {
  return path.resolve(dataDir, FILE_NAME)
}

/** 32 bytes; null for text that is none of their forms. */
export function parseAnalysisKey(text: string): Buffer | null {
  if (HEX.test(text)) return Buffer.from(text, 'hex')
  if (!BASE64.test(text)) return null
  const key = Buffer.from(text, 'base64')
  // The last character holds two bits that mean nothing: other than zero they are a slip.
  return key.toString('base64url').at(-1) === text.replace('=', '').at(-1) ? key : null
}

async function keptKey(dataDir: string): Promise<Buffer> {
  const file = analysisKeyFile(dataDir)
  const text = (await textOf(file)) ?? (await madeAt(file))
  const key = HEX.test(text.trim()) ? Buffer.from(text.trim(), 'hex') : null
  if (key === null) throw new Error(`${file} does not hold an analysis key: 64 hexadecimal digits`)
  return key
}

/** Written whole beside it and then linked: of several that start at once the first one wins, and nobody reads half a key. */
async function madeAt(file: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true })
  const draft = `${file}.${randomBytes(8).toString('hex')}`
  const handle = await open(draft, 'wx', OWNER_ALONE)
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`)
    await handle.sync()
    await link(draft, file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    })
  } finally {
    await handle.close()
    await rm(draft, { force: true })
  }
  return await readFile(file, 'utf8')
}

async function textOf(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  })
}
