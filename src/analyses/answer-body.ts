// The answer about a kept result.
import { hash as digest } from 'node:crypto'
import type { Entry } from '../cache/index.ts'
import type { ResultRow } from '../db/analysis-results.ts'
import { toRfc3339 } from '../db/timestamps.ts'
import { formatMoney } from './money.ts'

/** @param opened what was sealed. */
export function answerBody(row: ResultRow, opened?: { parameters: object; result: unknown }): Buffer {
  const { hash, kind, analyser, version, language, tone, costMicros, currency } = row
  const { parameters, result } = opened ?? row
  return Buffer.from(
    JSON.stringify({
      hash,
      kind,
      analyser,
      version,
      language,
      tone,
      parameters,
      result,
      analysed_at: toRfc3339(row.analysedAt),
      expires_at: toRfc3339(row.expiresAt),
      cost: { amount: formatMoney(BigInt(costMicros)), currency },
    }),
  )
}

/** An expired row as an answer that no tier keeps. */
export function standInEntry(row: ResultRow): Entry {
  const body = answerBody(row)
  const storedAt = Date.parse(toRfc3339(row.analysedAt))
  const freshUntil = Date.parse(toRfc3339(row.expiresAt))
  return {
    identity: body,
    gzip: null,
    length: body.length,
    etag: `"${digest('sha1', body, 'base64url')}"`,
    link: '',
    tags: [],
    absent: false,
    epoch: '',
    position: 0,
    storedAt,
    freshUntil,
    staleUntil: freshUntil,
  }
}
