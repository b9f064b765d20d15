// Every way in which the page parameters of a request can be refused.

export type PageErrorCode =
  /** `offset` and `cursor` in one request. */
  | 'pagination_conflict'
  | 'offset_too_large'
  /** Not a cursor at all, or one that this service never gave out. */
  | 'cursor_malformed'
  /** The checksum does not fit: cut off, mistyped or re-encoded on its way. */
  | 'cursor_damaged'
  | 'cursor_version'
  | 'cursor_route'
  | 'cursor_order'
  | 'cursor_filters'
  /** A plain id of which there is no row. */
  | 'cursor_unknown_id'

export type PageParameter = 'cursor' | 'offset'

/** A request for a page that cannot be answered; always the client's to change. The message is written for the client. */
export class PageError extends Error {
  override name = 'PageError'
  readonly code: PageErrorCode
  /** The query parameters at fault. */
  readonly parameters: readonly PageParameter[]

  constructor(code: PageErrorCode, parameters: readonly PageParameter[], message: string) {
    super(message)
    this.code = code
    this.parameters = parameters
  }
}
