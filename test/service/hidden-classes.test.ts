// What the speed of hits rests on, and no test of an answer would notice: V8 must take objects of a kind for objects of a kind. It says so itself.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import type { Socket } from 'node:net'
import path from 'node:path'
import v8 from 'node:v8'
import vm from 'node:vm'
import t, { type Test } from 'tap'
import { decodeEntry, encodeEntry, type Entry } from '../../src/cache/entry.ts'
import { newEntry } from '../../src/cache/loaded.ts'
import { MemoryTier } from '../../src/cache/memory.ts'
import { startFilledDatabase } from '../support/http.ts'
import { moduleFile, NODE_OPTIONS, ROOT } from '../support/root.ts'
import { startService } from '../support/service.ts'

v8.setFlagsFromString('--allow-natives-syntax')
const isSameKind = vm.runInThisContext('(one, other) => %HaveSameMap(one, other)') as (
  one: object,
  other: object,
) => boolean

function loaded(position: number, link?: string): Entry {
  const [body, now] = [Buffer.from('{"data":[]}'), Date.now() + position / 7]
  const policy = { ttlSeconds: 60, tags: ['dataset:media'] }
  return newEntry(
    { body, link },
    policy,
    { epoch: 'log', position },
    { now, staleSeconds: 60, absentSeconds: 5 },
  )
}

t.test('entries in memory are all of one kind, wherever they come from', (t) => {
  const memory = new MemoryTier(1024 * 1024)
  // What a field holds first is not all that it will hold: the first round teaches V8.
  for (let round = 0; round < 2; round += 1) {
    const entries = [loaded(1), loaded(2, '</>; rel="first"'), decodeEntry(encodeEntry(loaded(3)))!]
    entries.forEach((entry, index) => memory.set(`${round}:${index}`, entry, 0))
    memory.set(`${round}:3`, entries[0]!, 0)
    memory.compress(`${round}:3`, entries[0]!, Buffer.from('compressed'))
    t.ok(memory.get(`${round}:3`)?.gzip)
    if (round === 0) continue
    t.equal(isSameKind(entries[0]!, entries[2]!), true, 'a new one, and one from Redis')
    for (const index of [1, 2, 3])
      t.equal(isSameKind(memory.get('1:0')!, memory.get(`1:${index}`)!), true, `entry ${index}`)
  }
  t.end()
})

t.test('connections are of one kind, whatever was asked first', async (t: Test) => {
  const service = await startService(t, { DATABASE_URL: await startFilledDatabase(t) })
  const sockets: Socket[] = []
  service.app.server.on('connection', (socket: Socket) => sockets.push(socket))
  const connection = () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(() => agent.destroy())
    return async (path: string) => {
      const request = get(service.url + path, { agent })
      const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
      await once(response.resume(), 'end')
    }
  }
  const [one, other, third] = [connection(), connection(), connection()]
  const list = '/api/v1/media/latest?limit=2'
  // Loaded, and known by its URL from then on.
  for (let times = 0; times < 3; times += 1) await one(list)
  await other(list)
  await other(`${list}&order=asc`)
  await third('/livez')
  await third(list)
  t.equal(sockets.length, 3)
  t.equal(isSameKind(sockets[0]!, sockets[1]!), true, 'a hit came first')
  t.equal(isSameKind(sockets[0]!, sockets[2]!), true, 'what is not cached came first')
})

/** How often V8 made a hidden class of Node's tick objects while garbage was collected again and again. */
function classesOfTicks(t: Test, program: string): number {
  const log = path.join(t.testdir(), 'maps.log')
  const turn =
    'await new Promise((resolve) => process.nextTick(resolve)); await new Promise(setImmediate); gc()'
  const rounds = `for (let round = 0; round < 20; round += 1) { ${turn} }`
  const flags = ['--expose-gc', '--log-maps', `--logfile=${log}`, '--no-logfile-per-isolate']
  const { stderr, status } = spawnSync(
    process.execPath,
    [...flags, ...NODE_OPTIONS, '--input-type=module', '-e', program + rounds],
    { encoding: 'utf8', cwd: ROOT },
  )
  if (status !== 0) throw new Error(stderr)
  return readFileSync(log, 'latin1').match(/^map,Transition,.*"trigger_async_id_symbol"/gm)?.length ?? 0
}

t.test('the hidden class of tick objects outlives garbage collection', (t) => {
  const without = classesOfTicks(t, '')
  const kept = classesOfTicks(t, `await import('${moduleFile('src/tick-objects')}');`)
  t.ok(kept <= 2, `made ${kept} times`)
  if (without <= 2) t.comment(`made ${without} times without, too: with this Node tick-objects.ts can go`)
  t.end()
})
