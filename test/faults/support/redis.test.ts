// The Redis servers that other tests stand on: they answer, die, hang, come back, and leave nothing behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { Cluster } from 'ioredis'
import t, { type Test } from 'tap'
import { moduleFile, NODE_OPTIONS } from '../../support/root.ts'
import { findRedisServer } from '../../support/redis-binary.ts'
import { startRedis, startRedisCluster, type TestRedis } from '../../support/redis.ts'

t.test('answers, is its own process, and holds nothing on disk', async (t) => {
  const redis = await startRedis(t)
  t.equal(await redis.client.ping(), 'PONG')
  t.match(await redis.client.info('server'), `process_id:${redis.pid}\r\n`)
  t.strictSame(await redis.client.config('GET', 'save'), ['save', ''])
  t.strictSame(await redis.client.config('GET', 'bind'), ['bind', '127.0.0.1'])
})

t.test('killed and restarted: same port and directory, other process, nothing kept', async (t) => {
  const redis = await startRedis(t)
  await redis.client.set('key', 'value')
  const { pid, port, dir } = redis
  await redis.kill()
  t.notOk(isRunning(pid), 'kill resolves when the process is gone')
  await redis.restart()
  t.not(redis.pid, pid)
  t.strictSame([redis.port, redis.dir], [port, dir])
  t.equal(await redis.client.get('key'), null)
  await redis.restart()
  t.equal(await redis.client.ping(), 'PONG', 'a running server can be restarted too')
})

t.test('what a caller asks to keep survives a restart', async (t) => {
  const redis = await startRedis(t, { args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  await redis.client.set('key', 'value')
  await redis.restart()
  t.equal(await redis.client.get('key'), 'value')
})

t.test('a paused server is silent, and answers what it was sent once it goes on', async (t) => {
  const redis = await startRedis(t)
  await redis.client.ping()
  redis.pause()
  let answered = false
  const pending = redis.client.ping().then(() => (answered = true))
  const other = await startRedis(t)
  await other.client.ping()
  t.notOk(answered, 'not while another server was started and answered')
  redis.resume()
  await pending
  redis.pause()
  await redis.stop()
  t.notOk(isRunning(redis.pid), 'a paused server can be stopped')
})

t.test('teardown ends servers in any state and removes their directories', async (t) => {
  const servers: TestRedis[] = []
  await t.test('owner', async (owner: Test) => {
    const [paused, killed, running] = await Promise.all([
      startRedis(owner),
      startRedis(owner),
      startRedis(owner),
    ])
    paused.pause()
    await killed.kill()
    servers.push(paused, killed, running)
  })
  for (const { pid, dir } of servers) {
    t.notOk(isRunning(pid))
    t.notOk(existsSync(dir))
  }
})

t.test('a server does not outlive a test process that is killed', async (t) => {
  const { port, stop } = await startRedis(t)
  await stop()
  const program = `
    const { launch } = await import('${moduleFile('test/support/redis-process')}')
    await launch(${JSON.stringify(findRedisServer())}, ${port}, [], undefined)
    process.stdout.write('up')`
  const owner = spawn(process.execPath, [...NODE_OPTIONS, '--input-type=module', '-e', program])
  await once(owner.stdout, 'data')
  const connection = connect(port, '127.0.0.1')
  await once(connection.resume(), 'connect')
  // Connected, but perhaps not accepted yet: then it is reset.
  connection.on('error', () => undefined)
  const closed = new Promise((resolve) => connection.once('close', resolve))
  owner.kill('SIGKILL')
  await closed
  await refused(port)
})

/** Resolves once nothing listens there: the sockets of a process that is killed are closed one after another. */
async function refused(port: number): Promise<void> {
  for (let answer: unknown; answer !== 'ECONNREFUSED';)
    answer = await new Promise((resolve) => {
      const connection = connect(port, '127.0.0.1').resume()
      connection.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      connection.once('close', resolve)
    })
}

t.test('a taken port is refused when asked for by number', async (t) => {
  const { port } = await startRedis(t)
  await t.rejects(startRedis(t, { port }), { message: `port ${port} is taken` })
  const locked = await startRedis(t, { password: 'secret' })
  await t.rejects(startRedis(t, { port: locked.port }), { message: `port ${locked.port} is taken` })
})

t.test('a server that cannot start is reported with its own words', async (t) => {
  await t.rejects(startRedis(t, { args: ['--no-such-option', '1'] }), /ended[^]*no-such-option/)
})

t.test('a password is asked for', async (t) => {
  const redis = await startRedis(t, { password: 'secret' })
  t.equal(await redis.client.ping(), 'PONG')
  const stranger = redis.client.duplicate({ password: '' })
  stranger.on('error', () => undefined)
  t.teardown(() => stranger.disconnect())
  await t.rejects(stranger.ping(), /NOAUTH/)
})

t.test('a cluster serves keys of every master, through any node', async (t) => {
  const { url, nodes } = await startRedisCluster(t)
  t.equal(url, nodes[0]!.url)
  const cluster = new Cluster([nodes[2]!.url])
  t.teardown(() => cluster.disconnect())
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await cluster.set(key, key)
  for (const { client } of nodes) t.ok((await client.dbsize()) > 0, 'each master holds some of the keys')
  await nodes[1]!.restart()
  t.match(
    await nodes[1]!.client.cluster('NODES'),
    /myself,master .* 5461-10921/,
    'a restarted node knows its slots',
  )
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
