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
