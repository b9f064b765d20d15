// A write, a read and a delete in Redis, one step after the other, by every command that the service uses: what is refused shows what an account lacks.
import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import { reasonOf } from '../../loading/transaction.ts'
import { ok, problem, warning, type Finding } from './finding.ts'

export interface Probe {
  client: Redis | Cluster
  /** One server, for what is asked of each by itself. */
  node: Redis
  prefix: string
  /** Ours alone; it is gone afterwards, and after its lifetime in any case. */
  key: string
}

interface Step {
  step: string
  result: string
  ms: number
  error: string | null
}

const VALUE = 'barometer doctor'
const LIFETIME_MS = 10_000
const SCRIPT = "return redis.call('GET', KEYS[1])"
/** What the service does without, and what has to be there. */
const CONSEQUENCES: [commands: string[], consequence: string][] = [
  [
    ['eval', 'evalsha', 'getrange', 'pexpire', 'del'],
    'instances do not load for each other: each loads what it misses',
  ],
  [['time'], 'a lock that Redis grants late, as after a hang, keeps loads waiting for a second'],
  [['scan'], 'a clear by pattern is right all the same, but frees no room and cannot be counted'],
  [['exists'], 'a clear of one key cannot be counted'],
  [['info'], '/cache/stats knows nothing of its memory, and this doctor nothing of how it evicts'],
]
const OPTIONAL = new Set(CONSEQUENCES.flatMap(([commands]) => commands))
/** What a server refuses to everybody, and what to do about it. */
const REMEDIES: [sign: RegExp, remedy: string][] = [
  [/\bOOM\b/, 'it is full and evicts nothing: set maxmemory-policy allkeys-lru, or raise maxmemory'],
  [/READONLY/, 'this is a replica: name the master in REDIS_URL'],
  [
    /MISCONF/,
    'it cannot save to disk and refuses writes: free the disk, or set stop-writes-on-bgsave-error no',
  ],
  [/MOVED|CROSSSLOT/, 'this is a node of a Cluster: set REDIS_CLUSTER=true'],
  [/LOADING/, 'it is reading its data; ask again'],
]

/** @param limitMs REDIS_COMMAND_TIMEOUT_MS. */
export async function roundTrip(probe: Probe, limitMs: number, user: string): Promise<Finding[]> {
  const steps = await takeSteps(probe)
  const shown = steps.map(({ step, result, ms }) => ({ step, result, ms: Math.round(ms * 100) / 100 }))
  const refused = steps.filter(({ error }) => error?.includes('NOPERM') === true)
  const failed = steps.filter(({ error }) => error !== null && !error.includes('NOPERM'))
  return [
    ...(failed[0] === undefined && !isNeeded(refused)
      ? [{ ...ok('redis round trip', 'written, read and deleted'), steps: shown }]
      : [{ ...failureOf(failed[0] ?? refused[0]), steps: shown }]),
    ...rightsFindings(refused, probe.prefix, user),
    latencyFinding(steps, limitMs),
  ]
}

async function takeSteps({ client, node, prefix, key }: Probe): Promise<Step[]> {
  const steps: Step[] = []
  const take = async (
    step: string,
    run: () => Promise<unknown>,
    wanted: (answer: unknown) => boolean,
  ): Promise<void> => {
    const began = performance.now()
    const taken = (result: string, error: string | null): void =>
      void steps.push({ step, result, ms: performance.now() - began, error })
    try {
      const answer = await run()
      if (wanted(answer)) taken(textOf(answer), null)
      else taken(textOf(answer), `it answered ${textOf(answer)}, which is not what was written`)
    } catch (error) {
      taken(reasonOf(error), reasonOf(error))
    }
  }
  const hash = createHash('sha1').update(SCRIPT).digest('hex')
  const any = (): boolean => true
  await take('ping', () => client.ping(), any)
  await take('set', () => client.set(key, VALUE, 'PX', LIFETIME_MS), any)
  await take(
    'get',
    () => client.get(key),
    (answer) => answer === VALUE,
  )
  await take(
    'getrange',
    () => client.getrange(key, 0, 8),
    (answer) => answer === VALUE.slice(0, 9),
  )
  await take('pexpire', () => client.pexpire(key, LIFETIME_MS), any)
  await take(
    'eval',
    () => client.eval(SCRIPT, 1, key),
    (answer) => answer === VALUE,
  )
  await take(
    'evalsha',
    () => client.evalsha(hash, 1, key),
    (answer) => answer === VALUE,
  )
  await take('time', () => node.time(), any)
  await take(
    'exists',
    () => client.exists(key),
    (answer) => answer === 1,
  )
  await take('scan', () => node.scan('0', 'MATCH', `${prefix}:doctor:*`, 'COUNT', 10), any)
  await take(
    'unlink',
    () => client.unlink(key),
    (answer) => answer === 1,
  )
  await take(
    'get',
    () => client.get(key),
    (answer) => answer === null,
  )
  await take(
    'del',
    () => client.del(key),
    (answer) => answer === 0,
  )
  await take('info', () => node.info('memory'), any)
  return steps
}

function isNeeded(refused: Step[]): boolean {
  return refused.some(({ step }) => !OPTIONAL.has(step))
}

function failureOf(step: Step | undefined): Finding {
  const says = `${step?.step.toUpperCase() ?? ''} failed: ${step?.error ?? ''}`
  const remedy = REMEDIES.find(([sign]) => sign.test(says))?.[1]
  return problem('redis round trip', says, remedy ?? 'the service runs without Redis until this is mended')
}

function rightsFindings(refused: Step[], prefix: string, user: string): Finding[] {
  const check = 'redis rights'
  if (refused.length === 0) return [ok(check, `${user} may do all that the service asks for`)]
  const commands = [...new Set(refused.map(({ step }) => step))]
  const advice = `ACL SETUSER ${user} ~${prefix}:* ${commands.map((command) => `+${command}`).join(' ')}`
  const consequences = CONSEQUENCES.filter(([needed]) => needed.some((command) => commands.includes(command)))
  const says = `${user} may not ${commands.map((command) => command.toUpperCase()).join(', ')}`
  return isNeeded(refused)
    ? [problem(check, `${says}: nothing can be kept there`, advice)]
    : [warning(check, `${says}: ${consequences.map(([, consequence]) => consequence).join('; ')}`, advice)]
}

function latencyFinding(steps: Step[], limitMs: number): Finding {
  const check = 'redis latency'
  const slowest = Math.max(...steps.map(({ ms }) => ms))
  const says = `the slowest step took ${slowest.toFixed(1)} ms; a request has ${limitMs} ms for all it asks`
  return slowest < limitMs / 2
    ? ok(check, says)
    : warning(
        check,
        says,
        'bring Redis nearer, or raise REDIS_COMMAND_TIMEOUT_MS; what is late counts as away',
      )
}

function textOf(answer: unknown): string {
  if (Array.isArray(answer))
    return `${answer.length === 2 && Array.isArray(answer[1]) ? answer[1].length : answer.length} found`
  if (typeof answer === 'string') return answer.includes('\n') ? 'answered' : answer
  return typeof answer === 'number' ? String(answer) : 'nothing there'
}
