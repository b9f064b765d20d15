// Analyses: what is kept and called, whom results may be sealed for, and what was saved; swept while the service runs.
import { hash } from 'node:crypto'
import path from 'node:path'
import fastifyPlugin from 'fastify-plugin'
import { Analyses } from '../analyses/analyses.ts'
import { analysisKey } from '../analyses/analysis-key.ts'
import type { Analyser } from '../analyses/analysers/analyser.ts'
import { loadAnalysers } from '../analyses/analysers/file.ts'
import { lexicon } from '../analyses/analysers/lexicon.ts'
import { Savings } from '../analyses/savings.ts'
import { Sealing } from '../analyses/sealing.ts'
import type { Subject } from '../analyses/subject.ts'
import { Sweeper } from '../analyses/sweeper.ts'
import type { Config } from '../config.ts'
import { foldSavings } from '../db/analysis-money.ts'
import { sweepResults } from '../db/analysis-results.ts'
import { invalidParameter } from '../problems.ts'

declare module 'fastify' {
  interface FastifyInstance {
    analyses: Analyses
    /** By name; the first one is the default. */
    analysers: ReadonlyMap<string, Analyser>
    savings: Savings
    /** Each throws Problem invalid_parameter where no key is there to seal with. */
    subjects: { of(name: string): Subject; hashOf(name: string): string }
  }
}

/** A stop waits so long for calls under way; those that take longer are made again by whoever asks next. */
const CALLS_END_MS = 1500

export default fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const { database, cache, time, log } = app
    const isEmbedded = config.DATABASE_URL === undefined
    const key = await analysisKey({
      given: config.ANALYSIS_KEY,
      dataDir: isEmbedded ? config.DATA_DIR : null,
    })
    const sealing = key === null ? null : new Sealing(key)
    const requireSealing = (): Sealing => {
      if (sealing !== null) return sealing
      throw invalidParameter(
        'subject',
        'cannot be taken here: ANALYSIS_KEY is not set, so nothing can be sealed',
      )
    }
    const analyses = new Analyses({
      database,
      cache,
      time,
      log,
      cacheSeconds: config.CACHE_TTL_ANALYSIS,
      staleSeconds: config.CACHE_STALE_SECONDS,
      onPersonal: (ttlSeconds) => sweeper.dueIn(ttlSeconds * 1000),
    })
    const onWarning = (message: string, error: unknown): void => log.warn({ err: error }, message)
    const savings = new Savings({
      database,
      time,
      directory: path.join(config.DATA_DIR, 'savings', databaseName(config)),
      onWarning,
    })
    const sweeper = new Sweeper({
      sweep: () => sweepResults(database, config.CACHE_STALE_SECONDS),
      fold: () => foldSavings(database),
      onFailure: (error) => onWarning('results that are over stay for a while', error),
      time,
    })
    app.decorate('analyses', analyses)
    const analysers = await loadAnalysers({ file: config.ANALYSERS, environment: process.env, lexicon, time })
    app.decorate('analysers', new Map(analysers.map((analyser) => [analyser.name, analyser])))
    app.decorate('savings', savings)
    app.decorate('subjects', {
      of: (name) => ({
        name,
        hash: requireSealing().subjectHash(name),
        sealing: requireSealing(),
        ttlSeconds: config.ANALYSIS_PERSONAL_TTL,
      }),
      hashOf: (name) => requireSealing().subjectHash(name),
    })
    app.addHook('onListen', (done) => {
      void savings.recover()
      sweeper.start()
      done()
    })
    // Requests that wait for calls keep the server from closing.
    app.addHook('preClose', () => analyses.close(CALLS_END_MS))
    app.addHook('onClose', async () => {
      sweeper.close()
      await savings.close()
    })
  },
  { name: 'analyses', dependencies: ['time', 'database', 'cache'] },
)

/** Of its savings' directory: what was counted for another database is none of this one's, although both are run from one directory. */
function databaseName({ DATABASE_URL }: Config): string {
  if (DATABASE_URL === undefined) return 'embedded'
  const { host, pathname } = new URL(DATABASE_URL)
  return hash('sha1', `${host}${pathname}`).slice(0, 16)
}
