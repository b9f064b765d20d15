// Where Prometheus comes from: its package has the server and the tool that tests rules.
import { findExecutable } from './redis-binary.ts'

/** Full path of a program of Prometheus, or null where there is none. */
export function findPrometheus(
  program: 'prometheus' | 'promtool' = 'prometheus',
  env: NodeJS.ProcessEnv = process.env,
): string | null {
  return findExecutable(program, env['PATH'] ?? '')
}
