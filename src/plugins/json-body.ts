// JSON bodies; an empty one counts as none, since clients send the content type with it all the same.
import fastifyPlugin from 'fastify-plugin'

export default fastifyPlugin(
  (app, _options, done) => {
    const parse = app.getDefaultJsonParser('error', 'error')
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, next) => {
      if (body === '') next(null, undefined)
      else void parse(request, body as string, next)
    })
    done()
  },
  { name: 'json-body' },
)
