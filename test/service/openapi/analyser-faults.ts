// A request for each problem that an analyser can be the reason of.
import type { Test } from 'tap'
import type { ProblemCode } from '../../../src/problems.ts'
import { analysersFile, sendJson, startAnalyser, type TestAnalyser } from '../../support/analyser.ts'
import { send, type RawAnswer } from '../../support/http.ts'
import { startService, type TestService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

type AnalyserProblem = Extract<
  ProblemCode,
  'analysis_discarded' | 'analysis_refused' | 'budget_spent' | `analyser_${string}` | 'analyses_busy'
>

export function analyserFaults(
  t: Test,
  DATABASE_URL: string,
): Record<AnalyserProblem, () => Promise<RawAnswer>> {
  const start = async (answer: TestAnalyser['answer'] | null, fields: object = {}) => {
    const analyser = await startAnalyser(t)
    if (answer !== null) analyser.answer = answer
    const ANALYSERS = await analysersFile(t, analyser.url, fields)
    const environment = { DATABASE_URL, ANALYSERS, ANALYSIS_KEY: '5e'.repeat(32) }
    return { analyser, service: await startService(t, environment) }
  }
  const status =
    (name: string, code: number, fields: object = {}) =>
    async () => {
      const { service } = await start((_call, response) => sendJson(response, {}, code), { name, ...fields })
      return analyse(service, name)
    }
  const silence = (): void => undefined
  return {
    analysis_refused: status('refusing', 422),
    analyser_failed: status('failing', 500),
    analyser_busy: status('busy', 503),
    budget_spent: status('dear', 500, { cost: '0.01', daily_budget: '0.005' }),
    analyser_timeout: async () => {
      const { service } = await start(silence, { name: 'silent', timeout_ms: 100 })
      return analyse(service, 'silent')
    },
    analyses_busy: async () => {
      const { analyser, service } = await start(silence, { name: 'slow', concurrency: 1 })
      const waiting = Array.from({ length: 101 }, (_, index) => analyse(service, `slow ${index}`))
      void Promise.allSettled(waiting)
      await until(
        'all wait',
        () => analyser.calls.length === 1 && service.app.analyses.usage.get('slow')?.waiting === 100,
      )
      return analyse(service, 'one more')
    },
    analysis_discarded: async () => {
      let finish = silence
      const { analyser, service } = await start((_call, response) => {
        finish = () => sendJson(response, { verdict: {} })
      })
      const answer = analyse(service, 'about somebody', { 'x-subject': 'Jane Roe' })
      await until('it is called', () => analyser.calls.length === 1)
      await send(service, '/api/v1/subjects/Jane%20Roe', { method: 'DELETE' })
      finish()
      return answer
    },
  }
}

function analyse(
  service: TestService,
  text: string,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return send(service, '/api/v1/analyses', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ text }),
  })
}
