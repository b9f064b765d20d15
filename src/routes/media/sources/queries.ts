// Media sources in SQL. Each statement may run twice, where its connection is lost: it leaves the same then.
import { sql } from 'drizzle-orm'
import type { Database } from '../../../db/client.ts'
import { isReferenced } from '../../../db/errors.ts'
import { preconditionFailed, type Precondition } from '../../../http/conditions.ts'
import { Problem } from '../../../problems.ts'
import type { Source, SourceBody } from './schema.ts'

const columns = sql`id, code, name, logo_url`

/** Creates the source or replaces all that is known of it. @throws Problem precondition_failed */
export async function putSource(
  database: Database,
  code: string,
  { name, logo_url: logoUrl = null }: SourceBody,
  precondition: Precondition,
): Promise<Source> {
  const inserted = sql`insert into media_sources (code, name, logo_url) values (${code}, ${name}, ${logoUrl})`
  const statements = {
    // One that runs twice finds what it has just created itself, and says so.
    absent: sql`${inserted} on conflict (code) do nothing returning ${columns}`,
    present: sql`update media_sources set name = ${name}, logo_url = ${logoUrl} where code = ${code} returning ${columns}`,
    whatever: sql`${inserted} on conflict (code) do update set name = excluded.name, logo_url = excluded.logo_url
      returning ${columns}`,
  }
  if (precondition === 'never') throw preconditionFailed(precondition)
  const [row] = await database.rows<Source>(statements[precondition])
  if (row !== undefined) return row
  if (precondition === 'whatever') throw new Error(`source ${code} was not written`)
  throw preconditionFailed(precondition)
}

/** @throws Problem unknown_source; source_in_use while it has articles; precondition_failed. */
export async function deleteSource(
  database: Database,
  code: string,
  precondition: Precondition,
): Promise<Source> {
  const found = sql`from media_sources where code = ${code}`
  if (precondition === 'absent' || precondition === 'never') {
    const [row] = await database.rows(sql`select 1 ${found}`)
    throw row === undefined ? unknown(code) : preconditionFailed(precondition)
  }
  const [row] = await database
    .rows<Source>(sql`delete ${found} returning ${columns}`)
    .catch(async (error: unknown) => {
      if (!isReferenced(error)) throw error
      const [articles] = await database.rows<{ count: number }>(
        sql`select count(*) from media_articles where source = ${code}`,
      )
      throw new Problem('source_in_use', `${code} has ${articles?.count ?? 0} articles; delete those first`)
    })
  if (row === undefined) throw unknown(code)
  return row
}

function unknown(code: string): Problem {
  return new Problem('unknown_source', `there is no media source ${code}; see /api/v1/media/sources`)
}
