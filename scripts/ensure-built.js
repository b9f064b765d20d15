// Builds dist/ before a start where it is missing or older than the sources. In production, where no compiler is installed, what is built runs.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = path.join(root, 'dist/.built')
const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0

const newest = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (time, entry) => Math.max(time, statSync(path.join(entry.parentPath, entry.name)).mtimeMs),
    0,
  )

const hasSources = existsSync(path.join(root, 'src'))
const sources = hasSources ? newest(path.join(root, 'src')) : 0
if (process.argv.includes('--force') || built < sources) {
  let compiler
  try {
    compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  } catch {
    compiler = undefined
  }
  if (compiler === undefined && built === 0) {
    console.error(
      'barometer: nothing is built and no compiler is installed; run `npm ci && npm run build` without NODE_ENV=production first',
    )
    process.exit(1)
  }
  if (compiler !== undefined) {
    rmSync(path.join(root, 'dist'), { recursive: true, force: true })
    const { status } = spawnSync(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.build.json')], {
      stdio: 'inherit',
    })
    if (status !== 0) process.exit(status ?? 1)
    // What browsers load is served as it is.
    const page = 'routes/dashboard/page'
    cpSync(path.join(root, 'src', page), path.join(root, 'dist', page), { recursive: true })
    writeFileSync(stamp, '')
  }
}
