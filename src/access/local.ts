// Tells a direct request of this machine from one that merely arrives over loopback. What changes something needs one where no key is set.
import type { FastifyRequest } from 'fastify'

const LOOPBACK = /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/
const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i
/** What proxies add of their own accord; a client of this machine has no reason to send any of them. */
const PROXY_HEADER =
  /^(forwarded|via|x-forwarded(-.+)?|x-original-.+|x-real-ip|(x-|x-cluster-|true-|fastly-)?client-ip|cf-connecting-ip(v6)?)$/

/**
 * Null for a direct request of this machine, else why it does not count as one. A page of an origin in CORS_ORIGINS counts as foreign too:
 * to be let read is not to be let act with the rights of the machine that the browser happens to run on.
 */
export function whyNotLocal(request: FastifyRequest, trustProxy: boolean): string | null {
  const { headers, socket, url } = request
  if (!LOOPBACK.test(socket.remoteAddress ?? '')) return 'it comes from another machine'
  if (trustProxy) return 'TRUST_PROXY is set, so any request may come from elsewhere'
  if (Object.keys(headers).some((name) => PROXY_HEADER.test(name))) return 'it comes through a proxy'
  // Only to a proxy does one send a whole URL, whose host would count more than the header.
  if (!url.startsWith('/')) return 'its target is a whole URL, as one sends it to a proxy'
  // A page of a foreign site may make a local browser send requests here, under its own name or under one that it points to 127.0.0.1.
  if (!LOCAL_HOST.test(headers.host ?? '')) return 'its Host header is not a local one'
  const { origin } = headers
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === headers.host))
    return 'it comes from a foreign web page'
  return null
}
