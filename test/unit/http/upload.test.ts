// The limits of a body on its way in, by a clock that the test moves: what counts as progress, and who is late where there is none.
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { receiveUpload } from '../../../src/http/upload.ts'
import { manualTime } from '../../support/manual-time.ts'

const PROGRESS_MS = 2000
const KIB = 1024
const PROGRESS_BYTES = 64 * KIB

/** A request whose body arrives when the test says so. */
function world({ isRead = true } = {}) {
  const time = manualTime()
  const socket = new Socket()
  let bytesRead = 0
  Object.defineProperty(socket, 'bytesRead', { get: () => bytesRead })
  const raw = new IncomingMessage(socket)
  const arrive = (bytes: number): void => {
    bytesRead += bytes
    raw.push(Buffer.alloc(bytes))
  }
  const upload = receiveUpload(raw, false, { maxBytes: 1024 * KIB, progressMs: PROGRESS_MS, time })
  if (isRead) upload.stream.resume()
  return { time, raw, arrive, upload }
}

t.test('a body of which nothing comes is late, and not before', async (t) => {
  const { time, upload } = world()
  await time.advance(PROGRESS_MS - 1)
  t.equal(upload.failure(), null)
  await time.advance(1)
  t.match(upload.failure(), { code: 'request_timeout' })
})

t.test(
  'so is one of which too little comes: 64 KiB in each such time is enough, a byte less is not',
  async (t) => {
    for (const { bytes, isLate } of [
      { bytes: PROGRESS_BYTES, isLate: false },
      { bytes: PROGRESS_BYTES - 1, isLate: true },
    ]) {
      const { time, arrive, upload } = world()
      for (let round = 0; round < 10; round++) {
        arrive(bytes)
        await time.advance(PROGRESS_MS)
      }
      t.equal(upload.failure() !== null, isLate, `${bytes} bytes each time`)
      if (isLate) t.match(upload.failure(), { code: 'request_timeout' })
    }
  },
)

t.test('whoever reads and does not take what came is the one who is late', async (t) => {
  const { time, arrive, upload } = world({ isRead: false })
  arrive(500 * KIB)
  await time.advance(PROGRESS_MS)
  t.equal(upload.failure(), null, 'that was progress')
  await time.advance(PROGRESS_MS)
  t.match(upload.failure(), { name: 'DatabaseUnavailable', message: /COPY stands still/ })
})

t.test('what has arrived in whole may take as long as it likes', async (t) => {
  const { time, raw, arrive, upload } = world({ isRead: false })
  arrive(10)
  raw.complete = true
  raw.push(null)
  await time.advance(100 * PROGRESS_MS)
  t.equal(upload.failure(), null)
})

t.test('an upload that has ended is not looked at any more', async (t) => {
  const { time, upload } = world()
  upload.end()
  await time.advance(PROGRESS_MS * 2)
  t.equal(upload.failure(), null)
})
