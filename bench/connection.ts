// One connection of the load: a request at a time, and of each answer only what its framing needs, so that asking costs less than answering.
import { connect, type Socket } from 'node:net'

export interface Expected {
  status: number
  /** Of the body, in bytes; null where it is not known beforehand. */
  length: number | null
}

const HEAD_END = Buffer.from('\r\n\r\n')
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)\r\n/i
/** Behind `HTTP/1.1 `. */
const STATUS_AT = 9
const NOT_MODIFIED = 304
/** In place of a number of bytes: the head is not there yet. */
const HEAD = -1
/** All connections read into this: what came is dealt with before the next one reads. */
const received = Buffer.allocUnsafe(256 * 1024)

export class Connection {
  /** When the request under way was due, on the clock of `performance`. */
  dueAt = 0
  readonly #socket: Socket
  readonly #answered: (connection: Connection) => void
  #expected: Expected | null = null
  /** What came of a head that is not whole yet. */
  #head: Buffer | null = null
  #bodyLeft = HEAD

  private constructor(socket: Socket, answered: (connection: Connection) => void) {
    this.#socket = socket
    this.#answered = answered
  }

  /**
   * Resolves with a connection. From then on whatever is not the answer that was asked for is thrown, in no promise: it ends the process.
   *
   * @param answered is called when the answer to the request under way is whole.
   */
  static open(url: URL, answered: (connection: Connection) => void): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: url.hostname,
        port: Number(url.port),
        noDelay: true,
        onread: {
          buffer: received,
          callback: (size) => {
            connection.#take(received.subarray(0, size))
            return true
          },
        },
      })
      const connection = new Connection(socket, answered)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.once('close', () => {
          throw new Error('the server closed a connection')
        })
        resolve(connection)
      })
    })
  }

  send(request: Buffer, expected: Expected): void {
    this.#expected = expected
    this.#socket.write(request)
  }

  #take(bytes: Buffer): void {
    if (this.#expected === null) throw new Error('the server sent what nobody asked for')
    let bodyBytes = bytes.length
    if (this.#bodyLeft === HEAD) {
      const head = this.#head === null ? bytes : Buffer.concat([this.#head, bytes])
      const end = head.indexOf(HEAD_END)
      if (end === -1) {
        // A copy: the next read overwrites what came.
        this.#head = Buffer.from(head)
        return
      }
      this.#head = null
      this.#bodyLeft = bodyLength(head.toString('latin1', 0, end + 2), this.#expected)
      bodyBytes = head.length - end - HEAD_END.length
    }
    this.#bodyLeft -= bodyBytes
    if (this.#bodyLeft > 0) return
    if (this.#bodyLeft < 0) throw new Error('the server sent more than the answer')
    this.#bodyLeft = HEAD
    this.#expected = null
    this.#answered(this)
  }
}

/** @throws Error when the answer is not the expected one. */
function bodyLength(head: string, { status, length }: Expected): number {
  if (Number(head.slice(STATUS_AT, STATUS_AT + 3)) !== status)
    throw new Error(`expected ${status}, not\n${head}`)
  // Never has a body, whatever length it tells.
  if (status === NOT_MODIFIED) return 0
  const told = CONTENT_LENGTH.exec(head)?.[1]
  if (told === undefined || (length !== null && Number(told) !== length)) {
    throw new Error(`expected a body of ${length ?? 'a known number of'} bytes, not\n${head}`)
  }
  return Number(told)
}
