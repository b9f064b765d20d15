// The Content-Type header, read in one go however it is written.

/** In lower case, parameters other than the charset left out. */
export interface MediaType {
  /** `text/csv`; empty where there is none. */
  type: string
  charset: string | null
}

export function readMediaType(contentType = ''): MediaType {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='))
  return { type: type.trim(), charset: charset?.slice('charset='.length).replaceAll('"', '') ?? null }
}

/** The one charset that JSON has (RFC 8259), or none said, which means it. */
export function isUtf8({ charset }: MediaType): boolean {
  return charset === null || charset === 'utf-8' || charset === 'utf8'
}
