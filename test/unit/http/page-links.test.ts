// Links as clients get them, and which addresses of the service itself they can be made of.
import t from 'tap'
import { ConfigError, loadConfig } from '../../../src/config.ts'
import { pageLinks, publicUrlOf } from '../../../src/http/page-links.ts'

const LINK = '<?order=desc&limit=2>; rel="first", <?order=desc&limit=2&cursor=abc>; rel="next"'
const PATH = '/api/v1/media/latest'

const publicUrl = (PUBLIC_URL: string) => publicUrlOf(loadConfig({ PUBLIC_URL }))

t.test('links stay relative where nobody says how the service is reached, else they are absolute', (t) => {
  t.equal(pageLinks(LINK, publicUrlOf(loadConfig({})), PATH), LINK)
  for (const text of ['https://data.example/barometer', 'https://data.example/barometer//'])
    t.equal(
      pageLinks(LINK, publicUrl(text), PATH),
      '<https://data.example/barometer/api/v1/media/latest?order=desc&limit=2>; rel="first", ' +
        '<https://data.example/barometer/api/v1/media/latest?order=desc&limit=2&cursor=abc>; rel="next"',
    )
  t.end()
})

t.test('whatever the address is spelt like, no header and no link can be broken by it', (t) => {
  for (const [given, expected] of [
    ['https://data.example', 'https://data.example'],
    ['https://data.example:8443/', 'https://data.example:8443'],
    ['http://Data.Example:80/a', 'http://data.example/a'],
    ['http://[::1]:8001', 'http://[::1]:8001'],
    ['https://datö.example/été', 'https://xn--dat-una.example/%C3%A9t%C3%A9'],
    ['https://h/a b>"; rel=x', 'https://h/a%20b%3E%22;%20rel=x'],
    ['https://h/$&$1', 'https://h/$&$1'],
  ] as const) {
    t.equal(publicUrl(given), expected)
    t.equal(pageLinks('<?a>; rel="next"', publicUrl(given), PATH), `<${expected}${PATH}?a>; rel="next"`)
  }
  t.end()
})

t.test('an address that paths cannot be put behind is refused by name', (t) => {
  const values = ['data.example', '/barometer', 'ftp://h', ' https://h', 'https://', 'https://h:port', 'x']
  values.push('https://u:p@h', 'https://u@h', 'https://h/?', 'https://h?a=1', 'https://h/#top')
  for (const value of values) {
    t.throws(() => loadConfig({ PUBLIC_URL: value }), ConfigError, value)
    try {
      loadConfig({ PUBLIC_URL: value })
    } catch (error) {
      t.match((error as Error).message, /^PUBLIC_URL [^;]+$/, value)
    }
  }
  t.end()
})
