// A process that has the embedded PostgreSQL of a data directory open: says so in one line, and closes it when its standard input ends.
import { once } from 'node:events'
import { openEmbeddedPostgres } from '../../src/db/embedded/index.ts'

const { url, pid, owned, stop } = await openEmbeddedPostgres(process.argv[2] ?? '')
console.log(JSON.stringify({ url, pid, owned }))
await once(process.stdin.resume(), 'end')
await stop()
