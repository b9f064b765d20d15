// Files on their way in, as a body or in a form: hashed as they stream, within limits, and nothing is left of one that fails.
import { fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import type { IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import { spool } from '../../../src/analyses/spool.ts'
import { SYSTEM_TIME } from '../../../src/time/time.ts'
import { fileServer, portOf, type Outcome } from '../../support/file-server.ts'
import { manualTime } from '../../support/manual-time.ts'
import { until } from '../../support/until.ts'

const KIB = 1024
const MIB = 1024 * KIB
const MAX_BYTES = 2 * MIB
const BOUNDARY = 'a-boundary'
const FORM = `multipart/form-data; boundary=${BOUNDARY}`

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

async function world(t: Test) {
  const directory = t.testdir({})
  const outcomes: Outcome[] = []
  const limits = { maxBytes: MAX_BYTES, progressMs: 60_000, time: SYSTEM_TIME, directory }
  const server = await fileServer(limits, (outcome) => outcomes.push(outcome))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const port = portOf(server)
  return {
    directory,
    port,
    outcomes,
    send: (body: Buffer | string, headers = {}) => post(port, body, headers),
  }
}

async function post(port: number, body: Buffer | string, headers: Record<string, string>): Promise<Outcome> {
  const sent = request({ port, host: '127.0.0.1', method: 'POST', agent: false, headers })
  sent.on('error', () => undefined)
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return JSON.parse(await text(response)) as Outcome
}

/** A part of a form, as its bytes. */
function part(name: string | null, content: Buffer | string, extra = ''): Buffer {
  const disposition = `content-disposition: form-data${name === null ? '' : `; name="${name}"`}${extra}`
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\n${disposition}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ])
}

const filePart = (content: Buffer | string) =>
  part('file', content, '; filename="a.png"\r\ncontent-type: image/png')
const form = (...parts: Buffer[]) => Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)])

/** Files of the directory that this process has open, also those without a name. */
function openFiles(directory: string): { isNameless: boolean; bytes: number }[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const link = readlinkSync(`/proc/self/fd/${fd}`)
      const { size: bytes } = statSync(`/proc/self/fd/${fd}`)
      return link.startsWith(directory) ? [{ isNameless: link.endsWith(' (deleted)'), bytes }] : []
    } catch {
      return []
    }
  })
}

/** So much of a file has come, to where no name leads. */
function isOnDisk(directory: string, least: number): Promise<unknown> {
  return until('it is on disk, without a name', () => {
    return openFiles(directory).some(({ isNameless, bytes }) => isNameless && bytes >= least)
  })
}

function nothingIsLeft(t: Test, directory: string): Promise<unknown> {
  t.same(readdirSync(directory), [], 'no file')
  return until('no file is open', () => openFiles(directory).length === 0)
}

t.test('a body has the hash of its bytes, whether it stays in memory or not', async (t) => {
  const { send, directory } = await world(t)
  for (const bytes of [1, 256 * KIB, 256 * KIB + 1, MAX_BYTES]) {
    const body = randomBytes(bytes)
    const outcome = await send(body, { 'content-type': 'image/png; q="1"' })
    t.match(outcome, { hash: sha256(body), bytes, type: 'image/png; q="1"', fields: {} }, `${bytes} bytes`)
    t.equal(outcome.reread, bytes)
  }
  t.match(await send('x'), { type: 'application/octet-stream' }, 'without a type')
  await nothingIsLeft(t, directory)
})

t.test('a form has the hash of its file, wherever its fields stand', async (t) => {
  const { send, directory } = await world(t)
  const file = Buffer.concat([Buffer.from(`\r\n--${BOUNDARY.slice(0, -1)}\r\n`), randomBytes(300 * KIB)])
  const fields = [part('language', 'fr'), part('tone', 'très formel'), part('subject', 'Zoe\u0301')]
  const parameters = part('parameters', '{"a": [1,\n"1"]}')
  for (const body of [
    form(...fields, parameters, filePart(file)),
    form(filePart(file), ...fields, parameters),
    form(...fields, part('file', file), parameters),
  ])
    t.match(await send(body, { 'content-type': FORM }), {
      hash: sha256(file),
      bytes: file.length,
      fields: { language: 'fr', tone: 'très formel', subject: 'Zoé', parameters: { a: [1, '1'] } },
    })
  t.match(await send(form(filePart('x')), { 'content-type': FORM }), { type: 'image/png', fields: {} })
  await nothingIsLeft(t, directory)
})

t.test('a form of any other content is refused by name', async (t) => {
  const { send, directory } = await world(t)
  const file = filePart(randomBytes(300 * KIB))
  for (const [name, body, message] of [
    ['two files', form(file, file), 'file must be given once'],
    ['no file', form(part('language', 'en')), 'file must be given'],
    ['an empty file', form(filePart('')), 'file must not be empty'],
    ['a field twice', form(part('tone', 'a'), file, part('tone', 'a')), 'tone must be given once'],
    ['an unknown field', form(file, part('mood', 'a')), 'mood is not a field of this form'],
    [
      'a file of another name',
      form(part('photo', 'a', '; filename="a"'), file),
      'photo is not a field of this form',
    ],
    [
      'a field that objects have',
      form(part('constructor', 'a'), file),
      'constructor is not a field of this form',
    ],
    ['a part without a name', form(part(null, 'a'), file), 'form has a part without a name'],
    [
      'a long field',
      form(part('tone', 'a'.repeat(64 * KIB + 1)), file),
      'tone must have at most 65536 bytes',
    ],
    ['an empty field', form(file, part('tone', '')), 'tone must not be empty'],
    ['a line end', form(file, part('tone', 'a\nb')), 'tone holds a control character or invalid UTF-8'],
    [
      'invalid UTF-8',
      form(part('tone', Buffer.from([0x61, 0xff])), file),
      'tone holds a control character or invalid UTF-8',
    ],
    [
      'parameters that are no JSON',
      form(file, part('parameters', '{a:1}')),
      'parameters must be a JSON object',
    ],
    ['a list of parameters', form(file, part('parameters', '[1]')), 'parameters must be a JSON object'],
    [
      'a parameter twice',
      form(file, part('parameters', '{"a":1,"a":2}')),
      'parameters has a name that stands twice in one object',
    ],
    [
      'NUL in a parameter',
      form(file, part('parameters', '{"a":"\\u0000"}')),
      'parameters holds NUL or half a surrogate pair, or is nested deeper than 64 levels',
    ],
    [
      'a subject of 201 characters',
      form(file, part('subject', 'a'.repeat(201))),
      'subject must have at most 200 characters',
    ],
    ['no end', form(file).subarray(0, -6), 'form is not whole and valid multipart/form-data'],
    ['half a file', form(file).subarray(0, 280 * KIB), 'form is not whole and valid multipart/form-data'],
    ['no form at all', Buffer.from('language=en'), 'form is not whole and valid multipart/form-data'],
  ] as const) {
    const outcome = await send(body, { 'content-type': FORM })
    t.match({ message: outcome.message }, { message }, name)
    t.match(outcome.code, /^invalid_(?:body|parameter)$/, name)
  }
  t.match(await send(form(file), { 'content-type': 'multipart/form-data' }), {
    message: 'form has no boundary in its content type',
  })
  await nothingIsLeft(t, directory)
})

t.test('what is none of both is refused', async (t) => {
  const { send } = await world(t)
  t.match(await send('', { 'content-type': 'image/png' }), { message: 'file must not be empty' })
  for (const headers of [
    { 'content-encoding': 'gzip' },
    { 'content-type': 'png' },
    { 'content-type': 'a/b c' },
  ])
    t.match(await send('x', headers), { code: 'unsupported_media_type' })
})

t.test('over the limit, nothing is kept; where the length is announced, nothing is read', async (t) => {
  const { send, port, directory, outcomes } = await world(t)
  const announced = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    agent: false,
    headers: { 'content-length': MAX_BYTES + 1 },
  })
  announced.on('error', () => undefined)
  announced.flushHeaders()
  await once(announced, 'response')
  announced.destroy()
  t.match(outcomes, [{ code: 'body_too_large' }])
  const large = randomBytes(MAX_BYTES + 1)
  const chunked = { 'transfer-encoding': 'chunked' }
  t.match(await send(large, chunked), { code: 'body_too_large' })
  t.match(await send(form(filePart(large)), { ...chunked, 'content-type': FORM }), { code: 'body_too_large' })
  await nothingIsLeft(t, directory)
})

t.test('a body that is cut off half-way leaves nothing', async (t) => {
  const { port, directory, outcomes } = await world(t)
  const content = randomBytes(MIB)
  for (const [type, body] of [
    ['image/png', content],
    [FORM, form(filePart(content))],
  ] as const) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.subarray(0, 700 * KIB))
    await isOnDisk(directory, 1)
    socket.destroy()
    await until('it is given up', () => outcomes.length === 1)
    t.match(outcomes.pop(), {
      code: 'invalid_body',
      message: 'the body did not arrive whole; nothing was kept',
    })
    await nothingIsLeft(t, directory)
  }
})

t.test('a body of which nothing comes any more is late, and leaves nothing', async (t) => {
  const time = manualTime()
  const directory = t.testdir({})
  const outcomes: Outcome[] = []
  const limits = { maxBytes: MAX_BYTES, progressMs: 30_000, time, directory }
  const server = await fileServer(limits, (outcome) => outcomes.push(outcome))
  t.teardown(() => server.close())
  for (const type of ['image/png', FORM]) {
    const socket = connect(portOf(server), '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${MIB}\r\n\r\n`)
    socket.write(form(filePart(randomBytes(700 * KIB))).subarray(0, -100))
    await isOnDisk(directory, 699 * KIB)
    // What has come by now counts when it is looked at next.
    for (let round = 0; round < 3; round++) await time.advance(30_000)
    await until('it is given up', () => outcomes.length === 1)
    t.match(outcomes.pop(), { code: 'request_timeout' })
    socket.destroy()
    await nothingIsLeft(t, directory)
  }
})

t.test('a directory that takes nothing is an error, and ends the form as well', async (t) => {
  const server = await fileServer({
    maxBytes: MAX_BYTES,
    progressMs: 60_000,
    time: SYSTEM_TIME,
    directory: path.join(t.testdir({}), 'nowhere'),
  })
  t.teardown(() => server.close())
  const large = randomBytes(MIB)
  t.match(await post(portOf(server), large, {}), { code: 'none', message: /ENOENT/ })
  t.match(await post(portOf(server), form(filePart(large)), { 'content-type': FORM }), {
    code: 'none',
    message: /ENOENT/,
  })
})

t.test('a file is read from its beginning each time, also at the same time', async (t) => {
  const directory = t.testdir({})
  for (const bytes of [1000, MIB]) {
    const content = randomBytes(bytes)
    const file = await spool(
      Readable.from([content.subarray(0, 500), content.subarray(500)]),
      'a/b',
      directory,
    )
    const read = await Promise.all([buffer(file.open()), buffer(file.open())])
    t.ok(read.every((copy) => copy.equals(content)))
    const left = file.open()
    left.read()
    left.destroy()
    t.ok((await buffer(file.open())).equals(content), 'after one that was left')
    await file.discard()
    await file.discard()
    await nothingIsLeft(t, directory)
  }
})

t.test('fifty files of 10 MB at a time take no more memory than their share of it', async (t) => {
  const bytes = 10 * MIB
  const server = fork('test/support/file-server.ts', [String(2 * bytes), t.testdir({})], {
    execArgv: ['--import=tsx'],
    serialization: 'json',
  })
  t.teardown(() => void server.kill())
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]
  const maxRss = async (): Promise<number> => {
    server.send('how much?')
    const [{ maxRss }] = (await once(server, 'message')) as [{ maxRss: number }]
    return maxRss * KIB
  }
  const content = randomBytes(bytes)
  const types = { raw: [content, 'image/png'], form: [form(filePart(content)), FORM] } as const
  for (const [body, type] of Object.values(types)) await post(port, body, { 'content-type': type })
  const before = await maxRss()
  for (const [name, [body, type]] of Object.entries(types)) {
    const sent = Array.from({ length: 50 }, () => post(port, body, { 'content-type': type }))
    for (const outcome of await Promise.all(sent)) t.match(outcome, { bytes, hash: sha256(content) })
    const growth = (await maxRss()) - before
    t.comment(`${name}: ${Math.round(growth / MIB)} MiB more`)
    t.ok(growth < 150 * MIB, `${name}: 500 MB of files, and ${Math.round(growth / MIB)} MiB more`)
  }
})
