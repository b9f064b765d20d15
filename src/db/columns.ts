// Columns that tables have alike.
import { timestamp } from 'drizzle-orm/pg-core'

/** Mode `string` keeps microseconds: a Date is cut to milliseconds, and a cursor made of one re-admits its own row. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' })
