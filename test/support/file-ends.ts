// How files of each format end that are whole, cut off, or have nothing in them; and what is to become of them, packed or not.
import { gzipSync } from 'node:zlib'
import { article, ndjson } from './loading.ts'

export interface FileEnd {
  format: 'ndjson' | 'csv' | 'json'
  /** With the format, the name of the case. */
  end: string
  bytes: Buffer
  isPacked: boolean
  /** What is taken and what is rejected of it, and whether the report warns; null where all of it is refused. */
  taken: { inserted: number; rejected: number; warns: boolean } | null
}

const TWO = [article(1), article(2)]
const csv = (rows: object[]): string =>
  [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row) as unknown[])]
    .map((values) => `${values.map((value) => `"${String(value)}"`).join()}\n`)
    .join('')
const WHOLE = { ndjson: ndjson(TWO), csv: csv(TWO), json: `${JSON.stringify(TWO)}\n` }
const HEADER = csv([article(1)]).split('\n', 1)[0] ?? ''
const all = { inserted: 2, rejected: 0, warns: false }
const first = { inserted: 1, rejected: 1, warns: false }

/** As they are, by format: the name of the end, the text, and what is taken of it. */
const ENDS: [format: FileEnd['format'], end: string, text: string, taken: FileEnd['taken']][] = [
  ['ndjson', 'whole', WHOLE.ndjson, all],
  ['ndjson', 'without its line feed', WHOLE.ndjson.trimEnd(), all],
  ['ndjson', 'in the middle of a record', WHOLE.ndjson.slice(0, -20), first],
  ['ndjson', 'blank', '\n \n', null],
  // Whole, and nothing in it.
  ['ndjson', 'empty', '', { inserted: 0, rejected: 0, warns: false }],
  ['csv', 'whole', WHOLE.csv, all],
  ['csv', 'without its line feed', WHOLE.csv.trimEnd(), { ...all, warns: true }],
  ['csv', 'in the middle of a record', WHOLE.csv.slice(0, -20), { ...first, warns: true }],
  ['csv', 'behind its header', `${HEADER}\n`, null],
  ['csv', 'in its header', HEADER, null],
  ['csv', 'empty', '', null],
  ['json', 'whole', WHOLE.json, all],
  ['json', 'without its line feed', WHOLE.json.trimEnd(), all],
  ['json', 'in the middle of a record', WHOLE.json.slice(0, -20), null],
  ['json', 'without its bracket', WHOLE.json.slice(0, -2), null],
  ['json', 'with an empty array', '[]\n', null],
  ['json', 'empty', '', null],
]

export const FILE_ENDS: FileEnd[] = [
  ...ENDS.flatMap(([format, end, text, taken]) => [
    { format, end, bytes: Buffer.from(text), isPacked: false, taken },
    { format, end, bytes: gzipSync(text), isPacked: true, taken },
  ]),
  // Whatever was in it: a beginning is no shorter file.
  ...(['ndjson', 'csv', 'json'] as const).flatMap((format) => {
    const packed = gzipSync(WHOLE[format])
    return [10, 40, packed.length >> 1, packed.length - 1].map((length) => ({
      format,
      end: `cut after ${length} bytes`,
      bytes: packed.subarray(0, length),
      isPacked: true,
      taken: null,
    }))
  }),
]
