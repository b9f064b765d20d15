// Runs test files for StrykerJS within one process: each mutant has the files bundled with what they test evaluated anew, which takes milliseconds where a
// process of its own takes a second. Loaded by Stryker as a plugin, in a copy of this tree with all mutants in it.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { INSTRUMENTER_CONSTANTS, type MutantCoverage, type StrykerOptions } from '@stryker-mutator/api/core'
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
  type CompleteDryRunResult,
  type DryRunOptions,
  type DryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
} from '@stryker-mutator/api/test-runner'
import { build, type Plugin } from 'esbuild'
import type * as fastCheck from 'fast-check'
import type { Test } from 'tap'

/** What this runner is told by the script. */
export interface InProcessOptions extends StrykerOptions {
  inProcess: { testFiles: string[]; mostRuns: number }
}

const SEED = 20260131

/** What all code with mutants in it looks at. */
interface Namespace {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: MutantCoverage | undefined
}

type Namespaces = Readonly<Record<string, Record<string, unknown>>>
type Evaluate = (modules: Namespaces) => void

/** Fewer runs, always the same ones, and no search for a smaller example: that one fails is all that is asked. */
function hasty(fc: typeof fastCheck, mostRuns: number): Record<string, unknown> {
  const assert = (property: fastCheck.IProperty<unknown>, given?: fastCheck.Parameters<unknown>) =>
    fc.assert(property, {
      seed: SEED,
      ...given,
      numRuns: Math.min(given?.numRuns ?? mostRuns, mostRuns),
      endOnFailure: true,
    })
  return { ...fc, assert, default: { ...fc.default, assert } }
}

function firstFailure(output: string): string {
  return /^ *not ok.*/m.exec(output)?.[0].trim() ?? 'a test failed'
}

class InProcessRunner implements TestRunner {
  static inject = tokens(commonTokens.options)
  readonly #files: readonly string[]
  readonly #mostRuns: number
  readonly #evaluate = new Map<string, Evaluate>()
  readonly #modules: Record<string, Record<string, unknown>> = {}
  /** Fails the run under way, for what no test would hear of. */
  #fail: (reason: unknown) => void = (reason) => {
    throw reason
  }

  #tap!: typeof import('tap')

  constructor(options: StrykerOptions) {
    // Texts are what Stryker understands; others in this process send objects to whom they take for a parent of their own kind.
    const send = process.send?.bind(process) as ((message: unknown) => boolean) | undefined
    process.send = (message: unknown) => typeof message !== 'string' || send?.(message) === true
    const { testFiles, mostRuns } = (options as InProcessOptions).inProcess
    this.#files = testFiles
    this.#mostRuns = mostRuns
    process.on('unhandledRejection', (reason) => {
      this.#fail(reason)
    })
    process.on('uncaughtException', (error) => {
      this.#fail(error)
    })
  }

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true }
  }

  async init(): Promise<void> {
    // The limit is Stryker's to set.
    process.env.TAP_TIMEOUT = '0'
    this.#tap = await import('tap')
    for (const file of this.#files) {
      const { outputFiles } = await build({
        entryPoints: [file],
        // Otherwise the one that this process was started in.
        absWorkingDir: process.cwd(),
        bundle: true,
        write: false,
        format: 'iife',
        target: 'node20',
        logLevel: 'silent',
        plugins: [this.#imports()],
      })
      const script = new Script(`(modules) => {${outputFiles[0]?.text ?? ''}}`, { filename: file })
      this.#evaluate.set(file, script.runInThisContext() as Evaluate)
    }
  }

  async dryRun(_options: DryRunOptions): Promise<DryRunResult> {
    const namespace = this.#namespace()
    const tests: TestResult[] = []
    const mutantCoverage: MutantCoverage = { static: {}, perTest: {} }
    for (const file of this.#files) {
      namespace.currentTestId = file
      namespace.mutantCoverage = mutantCoverage
      tests.push(await this.#run(file))
    }
    Object.assign(namespace, { currentTestId: undefined, mutantCoverage: undefined })
    return { status: DryRunStatus.Complete, tests, mutantCoverage }
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }: MutantRunOptions): Promise<MutantRunResult> {
    const namespace = this.#namespace()
    Object.assign(namespace, { activeMutant: activeMutant.id, hitLimit })
    const result: CompleteDryRunResult = { status: DryRunStatus.Complete, tests: [] }
    for (const file of testFilter ?? this.#files) {
      namespace.hitCount = hitLimit === undefined ? undefined : 0
      const ran = await this.#run(file)
      const overrun = determineHitLimitReached(namespace.hitCount, hitLimit)
      if (overrun !== undefined) return toMutantRunResult(overrun)
      result.tests.push(ran)
      if (ran.status === TestStatus.Failed) break
    }
    return toMutantRunResult(result)
  }

  async #run(file: string): Promise<TestResult> {
    const began = performance.now()
    const failure = await new Promise<string | null>((resolve) => {
      const root = new this.#tap.Test({
        name: file,
        bail: true,
        // Tests end when they are over: what they leave to be done later may be what fails.
        cb: (t: Test) => {
          this.#evaluate.get(file)?.({ ...this.#modules, tap: { default: t } })
          t.end()
        },
      })
      let output = ''
      root.on('data', (text: string) => (output += text))
      this.#fail = (reason) => {
        resolve(String(reason))
      }
      // Where something throws, a test that is given up is never complete.
      root.on('bailout', () => {
        resolve(firstFailure(output))
      })
      root.on('complete', (results: { ok: boolean }) => {
        resolve(results.ok ? null : firstFailure(output))
      })
      root.runMain(() => undefined)
    })
    const ran = { id: file, name: file, fileName: file, timeSpentMs: performance.now() - began }
    return failure === null
      ? { ...ran, status: TestStatus.Success }
      : { ...ran, status: TestStatus.Failed, failureMessage: failure }
  }

  #namespace(): Namespace {
    const holder = globalThis as unknown as Record<string, Namespace | undefined>
    return (holder[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {})
  }

  /** Packages and Node's own modules are those of this process; files that ask where they are stay there. */
  #imports(): Plugin {
    return {
      name: 'imports',
      setup: (builder) => {
        builder.onResolve({ filter: /^[^./]/ }, ({ path: name }) => ({ path: name, namespace: 'package' }))
        builder.onLoad({ filter: /.*/, namespace: 'package' }, async ({ path: name }) => {
          const loaded = (await import(name)) as Record<string, unknown>
          this.#modules[name] =
            name === 'fast-check' ? hasty(loaded as unknown as typeof fastCheck, this.#mostRuns) : loaded
          const names = Object.keys(loaded).filter((key) => key !== 'default' && /^[\w$]+$/.test(key))
          return {
            contents: `const module = modules[${JSON.stringify(name)}]
              export default module.default
              ${names.map((key) => `const _${key} = module.${key}; export { _${key} as ${key} }`).join('\n')}`,
          }
        })
        builder.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path: file }) => ({
          contents: (await readFile(file, 'utf8')).replaceAll(
            'import.meta.url',
            JSON.stringify(pathToFileURL(path.resolve(file)).href),
          ),
          loader: 'ts',
        }))
      },
    }
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner)]
