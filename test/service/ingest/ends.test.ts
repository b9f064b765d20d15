// Bodies that end early, without a line end, or before their first record, in each format, packed or not: taken, warned of, or refused as a whole.
import t from 'tap'
import { openPool } from '../../../src/db/client.ts'
import { createDatabase } from '../../support/databases.ts'
import { FILE_ENDS } from '../../support/file-ends.ts'
import { isProblem } from '../../support/http.ts'
import { ARTICLES, CSV, GZIP, ingest, JSON_ARRAY, NDJSON, post } from '../../support/ingestion.ts'
import { sharedPostgres } from '../../support/postgres.ts'
import { startService } from '../../support/service.ts'

const DATABASE_URL = await createDatabase(await sharedPostgres(t))
const service = await startService(t, { DATABASE_URL })
const pool = openPool(DATABASE_URL, { max: 1 })
t.teardown(() => pool.end({ timeout: 0 }))
const HEADERS = { ndjson: NDJSON, csv: CSV, json: JSON_ARRAY }

for (const { format, end, bytes, isPacked, taken } of FILE_ENDS) {
  t.test(`${format}${isPacked ? ', packed' : ''}: ${end}`, async (t) => {
    await pool`truncate media_sources, media_articles cascade`
    const headers = { ...HEADERS[format], ...(isPacked ? GZIP : {}) }
    if (taken === null) {
      isProblem(t, await post(service, ARTICLES, headers, bytes), 'invalid_body')
      t.strictSame([...(await pool`select url from media_articles`)], [])
      return
    }
    const { inserted, rejected, warns } = taken
    t.match(await ingest(service, ARTICLES, headers, bytes), {
      inserted,
      rejected,
      warnings: warns ? [/^the last line, \d, has no line end/] : { length: 0 },
    })
  })
}
