// Gives articles that come without a score one, whoever loads them, while the service runs.
import fastifyPlugin from 'fastify-plugin'
import { scoreByLexicon, type ScoreArticles } from '../analyses/articles.ts'
import type { Config } from '../config.ts'
import { Keeper } from '../loading/keeper.ts'
import { scoreUnscored, type Analysing } from '../loading/unscored-articles.ts'

/**
 * Of a backlog a batch every few seconds: each expires answers that are made of articles. Whoever is at it may have died; what others were writing
 * is there soon.
 */
const LOOK_AGAIN_MS = { more: 3000, busy: 1000, locked: 500, failed: 1000 }

/** By their names in ANALYSE_ARTICLES. */
const ANALYSERS: Record<Exclude<Config['ANALYSE_ARTICLES'], 'off'>, ScoreArticles> = {
  lexicon: scoreByLexicon,
}

export default fastifyPlugin<{ config: Config }>(
  (app, { config: { ANALYSE_ARTICLES: analyser } }, done) => {
    if (analyser === 'off') {
      done()
      return
    }
    const keeper = new Keeper<Analysing>({
      work: () => scoreUnscored({ pool: app.database.background, analyser, score: ANALYSERS[analyser] }),
      lookAgainMs: LOOK_AGAIN_MS,
      onOutcome: ({ scored }, ms) => {
        if (scored > 0) app.log.info({ scored, analyser, ms: Math.round(ms) }, 'articles analysed')
      },
      onFailure: (error) => app.log.warn({ err: error }, 'articles could not be analysed; trying again'),
      time: app.time,
    })
    app.addHook('onReady', (ready) => {
      app.onChanges(() => keeper.wake())
      // What arrived while no service ran.
      keeper.wake()
      ready()
    })
    app.addHook('onClose', (_app, closed) => {
      keeper.close()
      closed()
    })
    done()
  },
  { name: 'article-scores', dependencies: ['time', 'database', 'cache'] },
)
