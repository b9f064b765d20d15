// Who may do what: API keys with scopes, and without any key the protected mode, in which only local requests change something.
import type { FastifyRequest, RouteOptions } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { FailedKeys } from '../access/failed-keys.ts'
import { CHANGING, findKey, parseApiKeys, type Scope } from '../access/keys.ts'
import { whyNotLocal } from '../access/local.ts'
import { presentedKey } from '../access/presented-key.ts'
import type { Config } from '../config.ts'
import { isOwnRequest } from '../http/own-request.ts'
import { Problem } from '../problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** For the audit log: the API key's name, or `loopback`. Empty where nothing was asked for. */
    actor: string
  }
  interface FastifyInstance {
    /** False where data needs a key: shared caches on the way must not keep it. */
    readsAreOpen: boolean
  }
  interface FastifyContextConfig {
    /** The scope that the route needs; `open` for health and documentation. A route that does not say is refused at start. */
    access?: Scope | 'open'
  }
}

export default fastifyPlugin<{ config: Config }>(
  (app, { config }, done) => {
    const keys = parseApiKeys(config.API_KEYS)
    const failedKeys = new FailedKeys((client, unlogged) => {
      app.log.warn({ client, unlogged }, 'too many wrong API keys from one client')
    }, app.time)
    app.decorateRequest('actor', '')
    app.decorate('readsAreOpen', !config.REQUIRE_READ_KEY)
    const routes: RouteOptions[] = []
    app.addHook('onRoute', (route) => void routes.push(route))
    // Not at once: hooks of a scope, which may say it for all of its routes, come after this one.
    app.addHook('onReady', (ready) => {
      ready(carelessRoute(routes))
    })
    app.addHook('onRequest', (request, _reply, next) => {
      // Only where no route was found does none say it.
      const scope = request.routeOptions.config.access ?? 'open'
      const isGuarded = scope !== 'open' && (scope !== 'read' || config.REQUIRE_READ_KEY)
      if (isGuarded && !isOwnRequest(request)) {
        if (keys.length > 0) request.actor = actorWithKey(request, scope)
        else if (CHANGING.has(scope)) request.actor = actorInProtectedMode(request)
      }
      next()
    })

    function actorWithKey(request: FastifyRequest, scope: Scope): string {
      const presented = presentedKey(request.raw)
      if (presented === null) {
        throw new Problem('key_required', 'send an API key as Authorization: Bearer, or as x-api-key')
      }
      const key = findKey(keys, presented)
      // A right key is let in however many wrong ones came from the same address: whoever shares it must not be able to shut others out.
      if (key === null) throw wrongKey(failedKeys.note(request.ip))
      if (!key.scopes.has(scope))
        throw new Problem('scope_missing', `the API key ${key.name} lacks the scope ${scope}`)
      return key.name
    }

    function actorInProtectedMode(request: FastifyRequest): string {
      const reason = whyNotLocal(request, config.TRUST_PROXY)
      if (reason === null) return 'loopback'
      const detail = `no API key is configured, so only direct requests of this machine may do this, and this one is none: ${reason}; set API_KEYS`
      throw new Problem('protected_mode', detail)
    }

    done()
  },
  { name: 'access', dependencies: ['time'] },
)

function wrongKey(waitSeconds: number | null): Problem {
  if (waitSeconds === null) return new Problem('key_invalid', 'the API key is not known')
  const detail = `the API key is not known, nor were many before it from this address; try again in ${waitSeconds} s`
  return new Problem('too_many_failed_keys', detail, [], waitSeconds)
}

/** What is wrong with the first route that would be open, or would take a misspelt parameter, because nobody thought of it. */
function carelessRoute(routes: RouteOptions[]): Error | undefined {
  for (const { method, url, config, schema } of routes) {
    const access = config?.access
    const name = `the route ${String(method)} ${url}`
    if (access === undefined) return new Error(`${name} does not say who may use it: set config.access`)
    if (access === 'open' || !CHANGING.has(access)) continue
    const querystring = schema?.querystring as { additionalProperties?: unknown } | undefined
    if (querystring?.additionalProperties !== false)
      return new Error(`${name} changes something and must refuse unknown query parameters: close its schema`)
  }
  return undefined
}
