// The rights that an account of Redis needs, as docs/operations.md says.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from './root.ts'

const page = readFileSync(path.join(ROOT, 'docs/operations.md'), 'utf8')

/** As `ACL SETUSER` takes them. */
export const DOCUMENTED_RIGHTS = /^~barometer:\*[^\n]*$/m.exec(page)?.[0].split(' ') ?? []
