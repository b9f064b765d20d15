// Whether the service may listen where it is told to, asked before it joins the fleet; and what a refusal means, in words.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from './config.ts'

/** The service cannot listen; the message says where, why, and what to do. */
export class ListenError extends Error {
  override name = 'ListenError'
}

type Address = Pick<Config, 'HOST' | 'PORT'>

/**
 * Takes the address and gives it back. Whoever starts at the same moment may take it in between, and then `listen` fails as it ever did.
 *
 * @throws ListenError
 */
export async function requireAddress(address: Address): Promise<void> {
  const probe = createServer()
  try {
    probe.listen({ host: address.HOST, port: address.PORT })
    await once(probe, 'listening')
  } catch (error) {
    throw listenError(error, address)
  }
  probe.close()
  await once(probe, 'close')
}

/** What the system's refusal to listen means; any other error as it is. */
export function listenError(error: unknown, { HOST, PORT }: Address): unknown {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  if (typeof syscall !== 'string') return error
  const reason = reasonOf(String(code), HOST, PORT)
  return reason === null ? error : new ListenError(reason, { cause: error })
}

function reasonOf(code: string, host: string, port: number): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken: another program listens there, or another instance of this service. Take another one with PORT=${port === 65_535 ? port - 1 : port + 1}, or PORT=0 for any that is free`
    case 'EACCES':
      return `port ${port} of ${host} needs rights that this process has not: take one above 1023 with PORT`
    case 'EADDRNOTAVAIL':
      return `HOST=${host} is no address of this machine: 127.0.0.1 is for this machine alone, 0.0.0.0 for every network it is in`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST=${host} is a name without an address: correct it, or name an address`
    default:
      return null
  }
}
