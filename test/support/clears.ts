// Clears as an operator asks for them, under the checker's eyes, and the form of their answers.
import type { ClearChecker, OpenClear } from './clear-checker.ts'
import type { Instance, Subject } from './fleet.ts'

export interface ClearAnswer {
  success: boolean
  deleted: number
  pattern: string | null
  key?: string
  message: string
  seq: number | null
  scope: string
  instances: { confirmed: number; expired: string[] }
  pending: boolean
}

export interface Cleared {
  status: number
  answer: ClearAnswer
  ms: number
  /** What is wrong with the answer's form; empty when all is well. */
  complaints: string[]
  /** For a pending one: tells the checker that it holds everywhere by now. */
  holdsEverywhere(): void
}

export interface Selection {
  /** Of the request, such as `pattern=media:*`. */
  query: string
  selects: (subject: Subject) => boolean
}

export const EVERYTHING: Selection = { query: '', selects: () => true }

export function keyOf({ id, kind }: Subject): Selection {
  if (kind === 'list') throw new RangeError('a list is selected by a pattern')
  return { query: `key=media:article:id=${id}`, selects: (subject) => subject.id === id }
}

/** Every way to select a subject, and others with it. */
export function selectionsOf(subject: Subject): Selection[] {
  const { id, kind } = subject
  const text = String(id)
  const ofKind = (other: Subject): boolean => other.kind === kind
  const alone = (other: Subject): boolean => other.id === id
  const some: Selection[] = [
    EVERYTHING,
    { query: byPattern('media:*'), selects: () => true },
    { query: byPattern(`media:${kind}:*`), selects: ofKind },
  ]
  return kind === 'article'
    ? [
        ...some,
        keyOf(subject),
        { query: byPattern(`*:id=${text.slice(0, -1)}[${text.slice(-1)}]`), selects: alone },
      ]
    : [...some, { query: byPattern(`media:list:*source=list-${id}*`), selects: alone }]
}

function byPattern(pattern: string): string {
  return `pattern=${encodeURIComponent(pattern)}`
}

/** Clears on one instance; the checker learns what follows from the answer. */
export async function clear(
  checker: ClearChecker,
  instance: Instance,
  subjects: readonly Subject[],
  { query, selects }: Selection,
): Promise<Cleared> {
  const selected = new Set(subjects.filter(selects).map(({ path }) => path))
  const open: OpenClear = checker.clearBegins((path) => selected.has(path))
  const began = performance.now()
  const response = await fetch(`${instance.url}/cache/clear?${query}`, { method: 'DELETE' })
  const answer = (await response.json()) as ClearAnswer
  const ms = performance.now() - began
  if (response.status === 200) open.holdsEverywhere()
  if (response.ok) open.holdsOn(instance.index)
  const complaints = complaintsOf(response.status, answer, query)
  return { status: response.status, answer, ms, complaints, holdsEverywhere: () => open.holdsEverywhere() }
}

/** The contract's fields, those of a fleet, and no others; and what they say agrees with the status. */
function complaintsOf(status: number, answer: ClearAnswer, query: string): string[] {
  if (status !== 200 && status !== 202) return [`status: ${status} ${JSON.stringify(answer)}`]
  const asked = new URLSearchParams(query)
  const key = asked.get('key')
  const { deleted, message, instances } = answer
  const fields = ['success', 'deleted', 'pattern', 'message', 'seq', 'scope', 'instances', 'pending']
  const expected = [...fields, ...(key === null ? [] : ['key'])].sort()
  const pending = status === 202
  const checks: Record<string, boolean> = {
    fields: Object.keys(answer).sort().join() === expected.join(),
    success: answer.success,
    deleted: Number.isInteger(deleted) && deleted >= 0,
    pattern: answer.pattern === (key === null ? (asked.get('pattern') ?? '*') : null),
    key: answer.key === (key ?? undefined),
    message: typeof message === 'string' && message !== '',
    seq: pending ? answer.seq === null : Number.isInteger(answer.seq),
    scope: answer.scope === (pending ? 'instance' : 'fleet'),
    pending: answer.pending === pending,
    instances: Object.keys(instances).sort().join() === 'confirmed,expired',
    confirmed: Number.isInteger(instances.confirmed) && instances.confirmed >= 1,
    expired: Array.isArray(instances.expired) && instances.expired.every((name) => typeof name === 'string'),
  }
  return Object.entries(checks)
    .filter(([, holds]) => !holds)
    .map(([name]) => `${name}: ${status} ${JSON.stringify(answer)}`)
}
