// Hooks that a route has of its own run beside those that refuse what it does not understand.
import fastify from 'fastify'
import t from 'tap'
import carefulWrites from '../../../src/plugins/careful-writes.ts'

t.test('a route keeps its own hooks, and they come first', async (t) => {
  const app = fastify()
  const seen: string[] = []
  await app.register(carefulWrites)
  app.delete(
    '/thing',
    {
      config: { access: 'ops' },
      onRequest: (_request, _reply, next) => {
        seen.push('onRequest')
        next()
      },
      preHandler: [
        (_request, _reply, next) => {
          seen.push('preHandler')
          next()
        },
      ],
    },
    () => 'done',
  )
  const remove = (headers: Record<string, string>) => app.inject({ method: 'DELETE', url: '/thing', headers })
  t.equal((await remove({})).body, 'done')
  t.equal((await remove({ 'content-length': '2' })).json<{ code: string }>().code, 'invalid_body')
  t.equal((await remove({ 'if-match': '*' })).json<{ code: string }>().code, 'precondition_failed')
  t.strictSame(seen, ['onRequest', 'preHandler', 'onRequest', 'onRequest', 'preHandler'])
})
