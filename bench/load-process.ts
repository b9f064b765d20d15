// The process that makes the load: reads a plan, prints what came of it.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, type Expected } from './connection.ts'
import type { LoadPlan, Printed } from './load.ts'
import { cpuSeconds } from './processes.ts'

const plan = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as LoadPlan & { url: string; pid: number }
const { targets, headers = {}, status = 200, connections, rate, until } = plan
const url = new URL(plan.url)
/** Between two looks at what is due: the resolution of Node's timers. */
const TICK_MS = 1
/** Code is compiled and caches are filled before anything counts. */
const WARM_UP_MS = 1000

const common = Object.entries({ host: url.host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
const requests = targets.map(({ path, length = null, body }) => ({
  bytes: Buffer.from(
    body === undefined
      ? `GET ${path} HTTP/1.1\r\n${common.join('')}\r\n`
      : `POST ${path} HTTP/1.1\r\n${common.join('')}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  ),
  expected: { status, length } satisfies Expected,
}))
const idle: Connection[] = []
let latencies: number[] = []
let sent = 0
let isOver = false
let allAnswered = (): void => undefined

for (let index = 0; index < connections; index += 1) idle.push(await Connection.open(url, answered))
const paceBegan = performance.now()
const amount = until.kind === 'amount' ? until.requests : Infinity
pump()
if (rate !== undefined) setInterval(pump, TICK_MS)

// As many requests as asked for cannot be asked for twice: each may be the only one of its kind.
if (until.kind !== 'amount') await sleep(WARM_UP_MS)
const before = { at: performance.now(), server: cpuSeconds(plan.pid), own: process.cpuUsage() }
if (until.kind !== 'amount') latencies = []
const meanwhile = await wait()
isOver = true
const seconds = (performance.now() - before.at) / 1000
const server = cpuSeconds(plan.pid)
const own = process.cpuUsage(before.own)

const sorted = Float64Array.from(latencies).sort()
const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN
const printed: Printed = {
  requests: sorted.length,
  seconds,
  p50: quantile(0.5),
  p99: quantile(0.99),
  max: quantile(1),
  serverCpuSeconds: server === null || before.server === null ? null : server - before.server,
  ownCpuSeconds: (own.user + own.system) / 1e6,
  ...(meanwhile === undefined ? {} : { meanwhile }),
}
process.stdout.write(JSON.stringify(printed), () => process.exit(0))

async function wait(): Promise<string | undefined> {
  switch (until.kind) {
    case 'seconds':
      await sleep(until.seconds * 1000)
      return undefined
    case 'amount':
      await new Promise<void>((resolve) => (allAnswered = resolve))
      return undefined
    case 'answer': {
      const response = await fetch(new URL(until.path, url), { method: until.method })
      const text = await response.text()
      if (!response.ok)
        throw new Error(`${until.method} ${until.path} was answered ${response.status}: ${text}`)
      return text
    }
  }
}

function answered(connection: Connection): void {
  latencies.push(performance.now() - connection.dueAt)
  idle.push(connection)
  if (latencies.length === amount) allAnswered()
  else pump()
}

/** Sends what is due, as far as connections are free; what has to wait for one counts from when it was due. */
function pump(): void {
  while (idle.length > 0) {
    const due = nextDue()
    if (due === null) return
    // The one that has rested longest: none is idle for so long that the server ends it.
    const connection = idle.shift()!
    const { bytes, expected } = requests[sent % requests.length]!
    sent += 1
    connection.dueAt = due
    connection.send(bytes, expected)
  }
}

/** When the next request is or was due; null where none is yet. At no rate, whenever a connection is free. */
function nextDue(): number | null {
  const now = performance.now()
  if (isOver || sent >= amount) return null
  if (rate === undefined) return now
  const due = paceBegan + (sent * 1000) / rate
  return due <= now ? due : null
}
