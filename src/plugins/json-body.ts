// JSON bodies; an empty one counts as none, since clients send the content type with it all the same. What two readers may read differently is refused.
import type { FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { isUtf8, readMediaType } from '../http/media-type.ts'
import { repeatedName } from '../repeated-name.ts'
import { Problem } from '../problems.ts'

const NAME_SHOWN_LENGTH = 100
const decoder = new TextDecoder('utf-8', { fatal: true })

export default fastifyPlugin(
  (app, _options, done) => {
    const parse = app.getDefaultJsonParser('error', 'error')
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, next) => {
      if (bytes.length === 0) {
        next(null, undefined)
        return
      }
      const text = textOf(request, bytes as Buffer)
      void parse(request, text, (error, body: unknown) => {
        // A validator cannot tell null from no body at all.
        const name = error !== null ? null : body === null ? 'body' : repeatedName(text)
        if (name === null) next(error, body)
        else next(refusal(name, body === null ? 'must not be null' : 'must be given once'), undefined)
      })
    })
    done()
  },
  { name: 'json-body' },
)

/** @throws Problem where it is not sent as what it is. */
function textOf({ headers }: FastifyRequest, bytes: Buffer): string {
  const coding = headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (coding !== 'identity' || !isUtf8(readMediaType(headers['content-type'])))
    throw new Problem('unsupported_media_type', 'a request body is JSON in UTF-8, and not compressed')
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Problem('invalid_body', 'the request body is not valid UTF-8')
  }
}

function refusal(name: string, detail: string): Problem {
  const parameter = name.slice(0, NAME_SHOWN_LENGTH)
  return new Problem('invalid_body', `${parameter} ${detail}`, [{ parameter, detail }])
}
