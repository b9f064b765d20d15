// What the runner makes of a file: passed only where its process ended well, said its totals and ran a test; and a failure explains itself.
import t, { type Test } from 'tap'
import { explain, runFile, type FileRun } from '../../../scripts/tests/file-run.ts'
import { SOURCES } from '../../support/root.ts'

/** Runs a program that is given as text, from the project's folder, where tap is found. */
function run(program: string, limitSeconds = 60): Promise<FileRun> {
  const args = ['--input-type=module', '-e', program]
  return runFile(args, { cwd: SOURCES, environment: { GIVEN: 'yes' }, limitSeconds, verbose: false })
}

const fails = (t: Test, { ok, failed }: FileRun): void => {
  t.equal(ok, false)
  t.ok(failed >= 1, 'counted as a failure')
}

t.test('passed, with what it is told and without what npm tells', async (t) => {
  const ran = await run(`
    import t from 'tap'
    t.equal(process.env.GIVEN, 'yes')
    t.notOk(Object.keys(process.env).some((name) => name.startsWith('npm_')))
    t.test('nested', (t) => { t.pass(); t.pass(); t.end() })
    t.test('later', { skip: true }, () => undefined)`)
  t.match(ran, { ok: true, passed: 4, failed: 0, skipped: 1 })
})

t.test('failed: what was compared is shown, and what passed is not', async (t) => {
  const ran = await run(`
    import t from 'tap'
    t.pass('all is well here')
    t.test('outer', (t) => { t.equal('left', 'right', 'these two'); t.end() })`)
  t.match(ran, { ok: false, failed: 1 })
  const text = explain(ran.output)
  t.match(text, /not ok 1 - these two[\s\S]*-right[\s\S]*\+left/)
  t.notMatch(text, /all is well here/)
})

t.test('ended in the middle, or without a test: failed, and it says how', async (t) => {
  for (const [program, how] of [
    [`import t from 'tap'; t.pass(); process.kill(process.pid, 'SIGKILL')`, /ended with SIGKILL/],
    [`import t from 'tap'; t.pass(); process.exit(3)`, /ended with 3/],
    [`console.log('nothing is tested here')`, /nothing is tested here\s+ended with 0/],
    [`import t from 'tap'; t.test('later', { skip: true }, () => undefined)`, /ended with 0/],
    [`import 'nowhere'`, /Cannot find package 'nowhere'[\s\S]*ended with 1/],
  ] as const) {
    const ran = await run(program)
    fails(t, ran)
    t.match(explain(ran.output), how, program)
  }
})

t.test('a file that never ends is ended', async (t) => {
  const ran = await run(`import t from 'tap'; t.pass(); setInterval(() => undefined, 1000)`, 6)
  fails(t, ran)
})
