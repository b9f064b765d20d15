// The README's commands, run one block after the other as a newcomer would, against what they are said to print.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { startServiceProcess } from '../../support/processes.ts'
import { SOURCES } from '../../support/root.ts'

interface Example {
  commands: string
  /** `…` stands for anything. */
  prints: string
}

const folder = await mkdtemp(path.join(tmpdir(), 'barometer-readme-'))
const examples = examplesOf(await readFile(path.join(SOURCES, 'README.md'), 'utf8'))

t.test('there are examples to run', (t) => {
  t.ok(examples.length >= 6)
  t.end()
})

t.test('each example prints what it is said to', async (t) => {
  // Started on the embedded defaults, as `npm start` does; teardown runs last registered first.
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const environment = { DATA_DIR: path.join(folder, 'data') }
  const service = await startServiceProcess(t, environment)
  const { host, port } = new URL(service.url)
  const here = (text: string): string =>
    text.replaceAll('127.0.0.1:8001', host).replaceAll('/tmp/', `${folder}/`)
  for (const { commands, prints } of examples) {
    const { output, code } = await bash(here(commands), { ...environment, PORT: port })
    t.match(output.trim(), matcherOf(here(prints)), commands)
    t.equal(code, 0, 'exit code')
  }
})

function examplesOf(markdown: string): Example[] {
  const pairs = markdown.matchAll(/^```sh\n([^]*?)^```\n```(?:json|text)\n([^]*?)^```$/gm)
  return [...pairs].map(([, commands = '', prints = '']) => ({ commands, prints }))
}

function matcherOf(prints: string): RegExp {
  const literal = prints
    .trim()
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('[^]*?')}$`)
}

async function bash(
  commands: string,
  environment: Record<string, string>,
): Promise<{ output: string; code: number | null }> {
  // Answers come without a line end of their own; a newcomer sees them apart by the prompt, here by a line of their own.
  const script = commands.replaceAll(/^curl [^|>\n-]*(?:-[sX] [^|>\n-]*)*$/gm, '$& && echo')
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: SOURCES,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { output, code }
}
