// Runs one test file as a process of its own, and reads what became of it off the TAP that it prints.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface FileRun {
  ok: boolean
  seconds: number
  passed: number
  failed: number
  skipped: number
  /** Everything that it printed, in the order in which it came. */
  output: string
}

export interface FileRunOptions {
  cwd: string
  environment: Record<string, string>
  limitSeconds: number
  /** Print all of it as it comes, too. */
  verbose: boolean
}

/** What a test is not told of the run that it is part of: it has settings of its own. */
const KEPT_OUT = /^(npm_|TAP_|NODE_OPTIONS$|NODE_ENV$)/

/** @param args for Node: its options and the file. */
export async function runFile(args: string[], options: FileRunOptions): Promise<FileRun> {
  const { cwd, environment, limitSeconds, verbose } = options
  const began = performance.now()
  const inherited = Object.entries(process.env).filter(([name]) => !KEPT_OUT.test(name))
  const child = spawn(process.execPath, args, {
    cwd,
    // tap itself gives up a little before, and says which test it was.
    env: { ...Object.fromEntries(inherited), ...environment, TAP_TIMEOUT: String(limitSeconds - 5) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (verbose) process.stdout.write(chunk)
    })
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1_000)
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  const seconds = (performance.now() - began) / 1_000
  const printed = Buffer.concat(chunks).toString()
  const totals = totalsOf(printed)
  const ended = code === 0 && totals !== null && totals.passed > 0
  // A process that died in the middle has printed no totals, and whoever ran no test has shown nothing.
  const output = ended || (totals?.failed ?? 0) > 0 ? printed : `${printed}\nended with ${signal ?? code}\n`
  const { passed = 0, failed = 0, skipped = 0 } = totals ?? {}
  return {
    ok: ended && failed === 0,
    seconds,
    passed,
    failed: ended ? failed : Math.max(failed, 1),
    skipped,
    output,
  }
}

/** tap closes with `# { total: N, pass: N, fail: N, todo: N, skip: N }`, without those that are 0. */
function totalsOf(tap: string): Pick<FileRun, 'passed' | 'failed' | 'skipped'> | null {
  const [, line] = /^# \{ (total: .*) \}$/m.exec(tap) ?? []
  if (line === undefined) return null
  const count = (name: string): number =>
    Number(new RegExp(`\\b${name}: ([\\d,]+)`).exec(line)?.[1]?.replaceAll(',', '') ?? 0)
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip') + count('todo') }
}

/** Each failure with the lines that explain it; all of the output's end where nothing says that it is one. */
export function explain(output: string): string {
  const lines = output.split('\n')
  const shown: string[] = []
  for (let index = 0; index < lines.length; index++) {
    if (!/^\s*not ok /.test(lines[index] ?? '')) continue
    const indent = /^\s*/.exec(lines[index] ?? '')?.[0] ?? ''
    shown.push(lines[index] ?? '')
    if (lines[index + 1] !== `${indent}  ---`) continue
    do {
      index++
      shown.push(lines[index] ?? '')
    } while (index < lines.length && lines[index] !== `${indent}  ...`)
  }
  const died = /\nended with .*\n$/.exec(output)
  if (shown.length > 0 && died === null) return shown.join('\n')
  return [...shown, ...lines.slice(-60)].join('\n')
}
