// The Link header as clients get it: references that hold behind any proxy, absolute where it is known how the service is reached.

/** What stands before the path of each of our addresses where clients ask; null where that is not said. */
export type PublicUrl = string | null

/** `PUBLIC_URL` in the form that paths are put behind: no slash at the end, and nothing in it that a header or a link could not hold. */
export function publicUrlOf({ PUBLIC_URL }: { PUBLIC_URL?: string }): PublicUrl {
  if (PUBLIC_URL === undefined) return null
  const { origin, pathname } = new URL(PUBLIC_URL)
  return origin + pathname.replace(/\/+$/, '')
}

/**
 * @param link as pagination makes it: references of a query alone.
 * @param path of the list's route.
 */
export function pageLinks(link: string, publicUrl: PublicUrl, path: string): string {
  return publicUrl === null ? link : link.replaceAll('<?', () => `<${publicUrl}${path}?`)
}
