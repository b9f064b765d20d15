// A process that migrates the database whose URL is its argument, as one of several instances that start together.
import { migrateDatabase } from '../../../src/db/migrate.ts'

await migrateDatabase(process.argv[2] ?? '')
