// `.env`: a setting is taken as it stands or refused by its name, never lost or cut.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { ConfigError } from '../../../src/config.ts'
import { applyEnvFile, parseEnvFile } from '../../../src/env-file.ts'

const parse = (text: string | Buffer) => parseEnvFile(Buffer.from(text))

t.test('what is clear reads as Node.js reads it', (t) => {
  const name = fc.constantFrom('A', 'B_1', 'DATABASE_URL', 'c')
  const plain = fc.stringMatching(/^[\w:/@.,*+=!-]{0,12}$/)
  const quoted = fc.stringMatching(/^[\w #='\n-]{0,12}$/).map((text) => `"${text}"`)
  const line = fc.oneof(
    fc.tuple(name, fc.oneof(plain, quoted)).map(([name, value]) => `${name}=${value}`),
    fc.tuple(name, plain).map(([name, value]) => `export ${name} = ${value}  # a comment`),
    fc.constantFrom('', '   ', '# nothing', '#A=1'),
  )
  fc.assert(
    fc.property(fc.uniqueArray(line, { selector: (text) => /\w+ *=/.exec(text)?.[0].trim() }), (lines) => {
      const names = lines.flatMap((text) => /(\w+) *=/.exec(text)?.[1] ?? [])
      fc.pre(new Set(names).size === names.length)
      const text = lines.join('\n')
      // Node.js takes blanks and `export` into some names, and a comment in the last line for a setting.
      const expected = Object.entries(parseEnv(text)).flatMap(([name, value]) =>
        name.trim().startsWith('#') ? [] : [[name.replace(/^\s*(export\s+)?/, ''), value]],
      )
      t.strictSame(parse(text), Object.fromEntries(expected), text)
    }),
  )
  t.end()
})

t.test('a byte order mark and foreign line ends cost nothing', (t) => {
  const expected = { API_KEYS: 'a', DATABASE_URL: 'b' }
  t.strictSame(parse('\u{feff}API_KEYS=a\nDATABASE_URL=b\n'), expected)
  t.strictSame(parse('API_KEYS=a\r\nDATABASE_URL=b\r\n'), expected)
  t.strictSame(parse('API_KEYS=a\rDATABASE_URL=b'), expected)
  t.end()
})

t.test('what would be lost or cut is refused by line and name, and no value is shown', (t) => {
  const refused: [text: string | Buffer, message: RegExp][] = [
    [Buffer.from('\u{feff}API_KEYS=hidden\n', 'utf16le'), /UTF-16/],
    [Buffer.from('API_KEYS=hidden\n', 'utf16le'), /UTF-16/],
    [Buffer.from('\u{feff}API_KEYS=hidden\n', 'utf16le').swap16(), /UTF-16/],
    [Buffer.from('REDIS_PASSWORD=hidd\u00e9n\n', 'latin1'), /not UTF-8/],
    ['A=1\nREDIS_PASSWORD=hidden#def\n', /line 2: the value of REDIS_PASSWORD has a #/],
    ['REDIS_PASSWORD=#hidden\n', /line 1: the value of REDIS_PASSWORD has a #/],
    ['REDIS_PASSWORD=#hidden# \n', /REDIS_PASSWORD has a #/],
    [
      'REDIS_PASSWORD="hidden\nDATABASE_URL=hidden\n',
      /line 1: the value of REDIS_PASSWORD has a " that is not/,
    ],
    ['REDIS_PASSWORD="hidden"hidden\n', /REDIS_PASSWORD goes on behind its closing "/],
    ["A='1'\n\nDATABASE_URL=hidden://${NAME}\n", /line 3: the value of DATABASE_URL has a \$\{…\}/],
    ['DATABASE_URL="hidden${NAME:-x}"\n', /DATABASE_URL has a \$\{…\}/],
    ['A="1\n2"\nDATABASE_URL: hidden\n', /line 3: is no setting/],
    ['PORT=1\nHOST=a\nPORT=2\n', /line 3: PORT has another value in line 1/],
  ]
  for (const [text, message] of refused) {
    t.throws(() => parse(text), { name: ConfigError.name, message }, String(text))
    try {
      parse(text)
    } catch (error) {
      t.notMatch((error as Error).message, /hidden/)
    }
  }
  t.throws(() => parse('A#b=1\nB=x#y\nC=x#y'), { message: /line 1.*line 2.*line 3/ }, 'all of them at once')
  t.end()
})

t.test('quotes keep what is between them', (t) => {
  t.strictSame(parse('A="a#b" # c\nB=\'${X} "y"\'\nC=`1\n2`\nD="1\\n2"\nE= # nothing\nF=a b #c\nG=1\nG=1'), {
    A: 'a#b',
    B: '${X} "y"',
    C: '1\n2',
    D: '1\n2',
    E: '',
    F: 'a b',
    G: '1',
  })
  t.end()
})

t.test('the environment goes before the file; a file that is there has to be readable', (t) => {
  const folder = t.testdir()
  const file = path.join(folder, '.env')
  const environment: Record<string, string | undefined> = { PORT: '1', HOST: '' }
  applyEnvFile(environment, file)
  writeFileSync(file, 'PORT=2\nHOST=a\nLOG_LEVEL=warn\n')
  applyEnvFile(environment, file)
  t.strictSame(environment, { PORT: '1', HOST: '', LOG_LEVEL: 'warn' })
  mkdirSync(path.join(folder, 'directory'))
  symlinkSync('nowhere', path.join(folder, 'link'))
  for (const name of ['directory', 'link'])
    t.throws(() => applyEnvFile({}, path.join(folder, name)), {
      name: ConfigError.name,
      message: /cannot be read/,
    })
  t.end()
})
