// A copy of the tree in which TypeScript is JavaScript already, so that no test process has to translate it: sources, tests and scripts are
// translated file by file, everything else is a link to where it is. Only what changed is done again.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TRANSLATED = ['src', 'test', 'scripts']
/** Not part of the project, or made from it. */
const LEFT_OUT = new Set(['.git', '.transpiled', '.data', '.tap', 'dist', 'node_modules', ...TRANSLATED])

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
  inlineSourceMap: true,
}

/** Brings the copy in a tree, which is this one unless another is named, up to date; its path. */
export function transpile(root = ROOT): string {
  const copy = path.join(root, '.transpiled')
  mkdirSync(copy, { recursive: true })
  const wanted = new Set<string>(TRANSLATED)
  for (const name of readdirSync(root)) {
    if (LEFT_OUT.has(name)) continue
    wanted.add(name)
    link(path.join(root, name), path.join(copy, name))
  }
  keepOnly(copy, wanted)
  for (const name of TRANSLATED) transpileFolder(path.join(root, name), path.join(copy, name))
  return copy
}

function transpileFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  const wanted = new Set<string>()
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name)
    const isTypeScript = entry.isFile() && entry.name.endsWith('.ts')
    const name = isTypeScript ? entry.name.replace(/\.ts$/, '.js') : entry.name
    const target = path.join(to, name)
    wanted.add(name)
    if (entry.isDirectory()) transpileFolder(source, target)
    else if (isTypeScript) transpileFile(source, target)
    else link(source, target)
  }
  keepOnly(to, wanted)
}

function transpileFile(source: string, target: string): void {
  const made = statSync(target, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (made > statSync(source).mtimeMs) return
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    // Stack traces then name the source.
    fileName: path.relative(path.dirname(target), source),
    compilerOptions: OPTIONS,
  })
  writeFileSync(target, outputText)
}

function link(source: string, target: string): void {
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) return
  rmSync(target, { force: true })
  symlinkSync(source, target)
}

/** What was renamed or removed must not go on being tested. */
function keepOnly(folder: string, wanted: Set<string>): void {
  for (const name of readdirSync(folder))
    if (!wanted.has(name)) rmSync(path.join(folder, name), { recursive: true })
}
