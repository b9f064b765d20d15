// Whom failures are counted for: an IPv4 address, or the /64 that a single IPv6 client may choose its addresses from.
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

const GROUPS_OF_64_BITS = 4

/** What is no address at all, as a header from a proxy may claim, counts as one client: otherwise its length and number had no bound. */
export function clientNetwork(address: string | undefined): string {
  if (address === undefined || isIP(address) === 0) return 'unknown'
  // An IPv4 address that a dual-stack socket shows as ::ffff:… is that IPv4 address.
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  const groups = parsed.parts.slice(0, GROUPS_OF_64_BITS).map((group) => group.toString(16))
  return `${groups.join(':')}::/64`
}
