// What the service and the embedded PostgreSQL's supervisor say to each other over IPC.

export interface SupervisorOrder {
  task: 'initialise' | 'start'
  databaseDir: string
  port: number
  user: string
  password: string
  /** Server settings in the form `name=value`, as `postgres -c` takes them. */
  settings: string[]
  /** Process id in a left-over `postmaster.pid` that belongs to something else by now; PostgreSQL would take it for a running server. */
  strangerPid?: number
}

export type SupervisorMessage =
  { type: 'done' } | { type: 'ready'; pid: number } | { type: 'failed'; reason: string }
