// Which methods there are at a path: what a 405 names, and where it is a 404.
import t from 'tap'
import { AllowedMethods } from '../../../src/http/allowed-methods.ts'

const allowed = new AllowedMethods()
allowed.add(['GET', 'HEAD'], '/media/:id')
allowed.add(['GET', 'HEAD'], '/media/latest')
allowed.add(['PUT'], '/media/latest')
allowed.add(['GET'], '/openapi.json')
allowed.add(['GET'], '/docs/*')

t.test('those of all routes at the path, each once, in order', (t) => {
  t.strictSame(allowed.of('/media/latest'), ['GET', 'HEAD', 'PUT'])
  t.strictSame(allowed.of('/media/7'), ['GET', 'HEAD'])
  t.strictSame(allowed.of('/openapi.json'), ['GET'])
  t.strictSame(allowed.of('/docs/static/page.js'), ['GET'])
  t.end()
})

t.test('a path as it is sent means what it says decoded', (t) => {
  t.strictSame(allowed.of('/media/l%61test'), ['GET', 'HEAD', 'PUT'])
  for (const path of ['/media/a%2Fb', '/media/a%2fb', '/media/a%0Ab'])
    t.strictSame(allowed.of(path), ['GET', 'HEAD'], `${path} is one segment`)
  t.end()
})

t.test('none where there is no such path', (t) => {
  for (const path of [
    '/media',
    '/media/',
    '/media/a/b',
    '/x/media/7',
    '/openapixjson',
    '/media%2F7',
    '/docs',
  ])
    t.strictSame(allowed.of(path), [], path)
  t.end()
})
