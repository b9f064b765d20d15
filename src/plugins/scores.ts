// Keeps the scores up to date with bars and articles, whoever writes those, while the service runs.
import fastifyPlugin from 'fastify-plugin'
import type { Config } from '../config.ts'
import { scorePending } from '../loading/pending-scores.ts'
import { ScoreKeeper } from '../loading/score-keeper.ts'

export default fastifyPlugin<{ config: Config }>(
  (app, { config: { BOND_SYMBOL: bondSymbol } }, done) => {
    const keeper = new ScoreKeeper({
      score: (insists) => scorePending({ pool: app.database.background, bondSymbol, insists }),
      onOutcome: ({ outcome, changed }, ms) => {
        if (changed > 0) app.log.info({ changed, ms: Math.round(ms) }, 'scores computed')
        if (outcome === 'left')
          app.log.warn('scores are left to those who keep them with another BOND_SYMBOL or method version')
      },
      onFailure: (error) => app.log.warn({ err: error }, 'scores could not be computed; trying again'),
      time: app.time,
    })
    app.addHook('onReady', (ready) => {
      app.onChanges(() => keeper.wake())
      // What changed while no service ran, and a new method.
      keeper.wake()
      ready()
    })
    app.addHook('onClose', (_app, closed) => {
      keeper.close()
      closed()
    })
    done()
  },
  { name: 'scores', dependencies: ['time', 'database', 'cache'] },
)
