// How answers from the cache are sent: what their headers have alike, and hits in memory in front of the framework.
import fastifyPlugin from 'fastify-plugin'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { HotAnswers } from '../http/hot-answers.ts'
import type { AnswerPolicy } from '../http/answer-headers.ts'
import { publicUrlOf } from '../http/page-links.ts'
import type { Listener } from '../http/server.ts'
import { ANY_ORIGIN } from './cors.ts'
import { acceptRequestId } from './request-id.ts'
import { NO_SNIFFING } from './security-headers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    answerPolicy: AnswerPolicy
    /** null where each read needs a key: the framework asks for it. */
    hotAnswers: HotAnswers | null
  }
}

export default fastifyPlugin<{ config: Config }>(
  (app, { config }, done) => {
    const policy = {
      // Any max-age would outlive a clear.
      cacheControl: app.readsAreOpen ? 'no-cache' : 'private, no-cache',
      vary: app.varyOfData,
      publicUrl: publicUrlOf(config),
    }
    app.decorate('answerPolicy', policy)
    if (!app.readsAreOpen) {
      app.decorate('hotAnswers', null)
      done()
      return
    }
    const hot = new HotAnswers({
      cache: app.cache,
      time: app.time,
      policy,
      always: { ...NO_SNIFFING, ...(config.CORS_ORIGINS === '*' ? ANY_ORIGIN : {}) },
      requestId: acceptRequestId,
      variesByOrigin: config.CORS_ORIGINS !== undefined && config.CORS_ORIGINS !== '*',
    })
    app.decorate('hotAnswers', hot)
    const log = app.log as unknown as Logger
    const [framework] = app.server.listeners('request') as Listener[]
    if (framework === undefined) throw new Error('the server has no handler to stand in front of')
    app.server.removeListener('request', framework)
    app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // What each request has to be asked or told is the framework's work: a refusal, the end of its connection, a line in the log.
      const isPlain = !app.isStopping() && !app.isOverloaded() && !log.isLevelEnabled('debug')
      if (!(isPlain && hot.answer(request, response, framework))) framework(request, response)
    })
    done()
  },
  { name: 'answers', dependencies: ['access', 'cache', 'cors', 'drain', 'under-pressure'] },
)
