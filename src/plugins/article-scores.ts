// Gives articles that come without a score one, whoever loads them, while the service runs.
import fastifyPlugin from 'fastify-plugin'
import type { Analyser } from '../analyses/analysers/analyser.ts'
import { LEXICON } from '../analyses/analysers/lexicon.ts'
import { scoreByAnalyser } from '../analyses/article-orders.ts'
import { scoreByLexicon } from '../analyses/articles.ts'
import { ConfigError, type Config } from '../config.ts'
import { Keeper } from '../loading/keeper.ts'
import { scoreUnscored, type Analysing, type AnalysingOptions } from '../loading/unscored-articles.ts'

/**
 * Of a backlog a batch every few seconds: each expires answers that are made of articles. Whoever is at it may have died; what others were writing
 * is there soon. An analyser that fails, or whose budget is spent, is left alone for a while.
 */
const LOOK_AGAIN_MS = { more: 3000, busy: 1000, locked: 500, failed: 1000 }
const PAID_FAILED_MS = 30_000

export default fastifyPlugin<{ config: Config }>(
  (app, { config }, done) => {
    const { ANALYSE_ARTICLES: name } = config
    if (name === 'off') {
      done()
      return
    }
    const analyser = app.analysers.get(name)
    if (analyser?.accepts.has('text') !== true) {
      const known = [...app.analysers.values()].filter(({ accepts }) => accepts.has('text'))
      const names = known.map((one) => one.name).join(', ')
      done(new ConfigError(`ANALYSE_ARTICLES must be off or an analyser of texts: ${names} (it is ${name})`))
      return
    }
    const isEmbedded = name === LEXICON
    const asked = isEmbedded ? { score: scoreByLexicon } : paid(analyser)
    const keeper = new Keeper<Analysing>({
      work: () => scoreUnscored({ pool: app.database.background, analyser: name, ...asked }),
      lookAgainMs: isEmbedded ? LOOK_AGAIN_MS : { ...LOOK_AGAIN_MS, failed: PAID_FAILED_MS },
      onOutcome: ({ scored }, ms) => {
        if (scored > 0) app.log.info({ scored, analyser: name, ms: Math.round(ms) }, 'articles analysed')
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

    /** A batch is what is asked at a time; what was paid for is kept, whatever becomes of the batch. */
    function paid(analyser: Analyser): Pick<AnalysingOptions, 'score' | 'batch' | 'patienceMs'> {
      const score = scoreByAnalyser(analyser, config.ANALYSIS_TTL_TEXT, (order) =>
        app.analyses.resultOf(order),
      )
      return { score, batch: analyser.concurrency, patienceMs: analyser.timeoutMs }
    }
  },
  { name: 'article-scores', dependencies: ['time', 'database', 'cache', 'analyses'] },
)
