// Requests that the process makes of itself, so that an answer is in the cache before anybody asks: through the same routes, validated by the same
// schemas, and told apart from a client's by an address that no socket can have.
import type { FastifyInstance, FastifyRequest } from 'fastify'

const OWN_ADDRESS = 'this process'

export function isOwnRequest(request: FastifyRequest): boolean {
  return request.raw.socket.remoteAddress === OWN_ADDRESS
}

/** GETs a URL of this service and resolves with the status: 204 where a cached route has its answer in memory now. */
export async function askOwnRoute(app: FastifyInstance, url: string): Promise<number> {
  const { statusCode } = await app.inject({ url, remoteAddress: OWN_ADDRESS })
  return statusCode
}
