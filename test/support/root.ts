// Where the project is, and how its programs are run: from the copy in which they are JavaScript already, or by a loader.
import { realpathSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Of the tree that this file is in, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Of the sources as they are written. In the copy everything but programs is a link. */
export const SOURCES = path.dirname(realpathSync(path.join(ROOT, 'package.json')))

const EXTENSION = path.extname(import.meta.url)

/** Options for Node with which it reads modules of this tree. */
export const NODE_OPTIONS = EXTENSION === '.ts' ? ['--import=tsx'] : ['--enable-source-maps']

/** Full path of a module, such as `src/server`. */
export function moduleFile(name: string): string {
  return path.join(ROOT, `${name}${EXTENSION}`)
}

/** Arguments for Node that run a program of the project. */
export function program(name: string): string[] {
  return [...NODE_OPTIONS, moduleFile(name)]
}
