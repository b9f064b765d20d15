// Reads a Link header as a client would.

/** Addresses by relation. Throws when anything but links is in the header, or a relation comes twice. */
export function parseLinks(header: string): Record<string, string> {
  const links: Record<string, string> = {}
  for (const part of header.split(', ')) {
    const [, address, relation] = /^<([^<>]+)>; rel="([a-z]+)"$/.exec(part) ?? []
    if (address === undefined || relation === undefined || relation in links)
      throw new Error(`not a link: ${part}`)
    links[relation] = address
  }
  return links
}

/** Each of them as the path and query that it leads to from the address that was asked (RFC 3986, 5.2). */
export function resolveLinks(links: Record<string, string>, asked: string): Record<string, string> {
  const base = new URL(asked, 'http://service.invalid')
  const resolved = Object.entries(links).map(([relation, link]) => {
    const { pathname, search } = new URL(link, base)
    return [relation, pathname + search]
  })
  return Object.fromEntries(resolved) as Record<string, string>
}
