// The events behind the dashboard, as a page gets them.
import { EventEmitter, once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { Test } from 'tap'

export const EVENTS = '/api/v1/dashboard/events'

interface Event<Data> {
  name: string
  data: Data
}

/** Watches, and hands out events as they are asked for. @throws Error where it may not. */
export async function watch(t: Test, url: string) {
  const asked = request(`${url}${EVENTS}`).on('error', () => undefined)
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`)
  t.teardown(() => asked.destroy())
  const events: Event<unknown>[] = []
  const heard = new EventEmitter()
  let text = ''
  response.setEncoding('utf8').on('error', () => undefined)
  response.on('data', (chunk: string) => {
    text += chunk
    const whole = text.split('\n\n')
    text = whole.pop() ?? ''
    for (const event of whole) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? []
      if (name !== undefined) events.push({ name, data: JSON.parse(data!) as unknown })
    }
    heard.emit('news')
  })
  const ended = new Promise<boolean>((resolve) => response.once('close', () => resolve(response.complete)))
  const next = async <Data = unknown>(): Promise<Event<Data>> => {
    while (events.length === 0) await once(heard, 'news')
    return events.shift() as Event<Data>
  }
  return { headers: response.headers, next, end: () => asked.destroy(), ended }
}
