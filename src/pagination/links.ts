// Page addresses in one canonical spelling, and the Link header (RFC 8288) made of them.
import type { ReadablePage } from './request.ts'

/** Where a page starts; null is the beginning, as a cursor page. */
export type Place = { cursor: string } | { offset: number } | null

/**
 * The addresses of pages of the same list, filters, order and size: references of a query alone. A proxy may strip a prefix of the path, and
 * these still lead to where the client found the list. The order is always named, so that a link goes on meaning the same.
 */
export function pageAddresses(request: ReadablePage): (place: Place) => string {
  const query = new URLSearchParams()
  for (const name of Object.keys(request.filters).sort()) {
    const value = request.filters[name]
    if (value !== undefined) query.append(name, String(value))
  }
  query.append('order', request.order)
  query.append('limit', String(request.limit))
  // A literal plus is %2B by now; what is left of them are blanks, in a spelling that only forms know.
  const before = `?${query.toString().replaceAll('+', '%20')}`
  const after = request.countTotal ? '&count=exact' : ''
  return (place) => `${before}${placeText(place)}${after}`
}

/** A cursor is URL-safe as it is. */
function placeText(place: Place): string {
  if (place === null) return ''
  return 'cursor' in place ? `&cursor=${place.cursor}` : `&offset=${place.offset}`
}

/** Value of the Link header; relations without an address are left out. */
export function linkHeader(addresses: Readonly<Record<'first' | 'prev' | 'next', string | null>>): string {
  return (['first', 'prev', 'next'] as const)
    .filter((relation) => addresses[relation] !== null)
    .map((relation) => `<${addresses[relation] ?? ''}>; rel="${relation}"`)
    .join(', ')
}
