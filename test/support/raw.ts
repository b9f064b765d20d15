// Speaks to the service in bytes of its own choosing, as no client library would.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestService } from './service.ts'

/** Ends an exchange: its answer is the last, and the service closes. */
export const LAST = 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'

/** Writes to the bare socket, and resolves with all that was answered once the service closes the connection. */
export async function exchange({ url }: Pick<TestService, 'url'>, bytes: string): Promise<string> {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  let answers = ''
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1')))
  // What is still on its way when the service has refused the rest is no failure of the exchange.
  socket.on('error', () => undefined)
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return answers
}

/** Of every answer in turn: `400 malformed_request` for problems, else the status. */
export function outcomes(answers: string): string[] {
  return answers
    .split(/(?=HTTP\/1\.1 \d{3})/)
    .filter((answer) => answer !== '')
    .map((answer) => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'no HTTP'
      const code = /"code":"(\w+)"/.exec(answer)?.[1]
      return code === undefined ? status : `${status} ${code}`
    })
}

/** The same outcomes, with one for both of a clear's: on a busy machine PostgreSQL may be late to note it, and then it is answered 202. */
export function clearsDone(answers: string[]): string[] {
  return answers.map((answer) => (answer === '202' ? '200' : answer))
}
