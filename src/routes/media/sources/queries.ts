// Media sources in SQL. Each statement may run twice, where its connection is lost: it leaves the same then.
import { sql } from 'drizzle-orm'
import type { Database } from '../../../db/client.ts'
import { isReferenced } from '../../../db/errors.ts'
import { Problem } from '../../../problems.ts'
import type { Source, SourceBody } from './schema.ts'

const columns = sql`id, code, name, logo_url`

/** Creates the source or replaces all that is known of it. */
export async function putSource(
  database: Database,
  code: string,
  { name, logo_url: logoUrl = null }: SourceBody,
): Promise<Source> {
  const [row] = await database.rows<Source>(sql`
    insert into media_sources (code, name, logo_url) values (${code}, ${name}, ${logoUrl})
    on conflict (code) do update set name = excluded.name, logo_url = excluded.logo_url
    returning ${columns}`)
  if (row === undefined) throw new Error(`source ${code} was not written`)
  return row
}

/** @throws Problem unknown_source; source_in_use while it has articles. */
export async function deleteSource(database: Database, code: string): Promise<Source> {
  const [row] = await database
    .rows<Source>(sql`delete from media_sources where code = ${code} returning ${columns}`)
    .catch(async (error: unknown) => {
      if (!isReferenced(error)) throw error
      const [articles] = await database.rows<{ count: number }>(
        sql`select count(*) from media_articles where source = ${code}`,
      )
      throw new Problem('source_in_use', `${code} has ${articles?.count ?? 0} articles; delete those first`)
    })
  if (row === undefined)
    throw new Problem('unknown_source', `there is no media source ${code}; see /api/v1/media/sources`)
  return row
}
