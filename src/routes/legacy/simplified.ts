// The simplified score in the words of the clients that show it.
import { labelOf, type ScoreLabel } from '../../score/method.ts'
import type { SimplifiedFigures } from './queries.ts'
import type { Simplified, SimplifiedDetails } from './schema.ts'

const INTERPRETATIONS: Record<ScoreLabel, string> = {
  extreme_fear: 'Peur extrême',
  fear: 'Peur',
  neutral: 'Neutre',
  greed: 'Avidité',
  extreme_greed: 'Avidité extrême',
}

export function simplifiedAnswer(figures: SimplifiedFigures): Simplified {
  const { score, volume, sentiment, performance, date } = figures
  return {
    score,
    volume_moyen: volume,
    sentiment_news: sentiment,
    performance_marche: performance,
    nombre_actions: countOf(figures).nombre_actions,
    date,
    formule: formulaOf(figures),
    interpretation: INTERPRETATIONS[labelOf(score)],
  }
}

export function simplifiedDetails(figures: SimplifiedFigures): SimplifiedDetails {
  const { score, sum, volume, sentiment, performance, date } = figures
  return {
    score_final: score,
    date,
    composantes: {
      volume_moyen: {
        valeur: volume,
        description: 'Rang centile du volume moyen sur 20 séances parmi ses 252 dernières valeurs',
        echelle: '0 (volume le plus faible) à 100 (volume le plus fort)',
      },
      sentiment_news: {
        valeur: sentiment,
        description: 'Sentiment moyen des articles des 7 derniers jours ; 50 à moins de 3 articles notés',
        echelle: '0 (négatif) à 100 (positif)',
      },
      performance_marche: {
        valeur: performance,
        description: 'Part des 5 dernières séances en hausse',
        echelle: '0 (aucune) à 100 (toutes)',
      },
    },
    denominateur: countOf(figures),
    calcul: { formule: formulaOf(figures), numerateur: sum, score_final: score },
    interpretation: INTERPRETATIONS[labelOf(score)],
  }
}

/** The figure is made of the bars of one instrument. */
const INSTRUMENTS_OF_FIGURE = 1

/** Clients show it as what something is divided by, so it is never 0. */
function countOf({ equities }: SimplifiedFigures): SimplifiedDetails['denominateur'] {
  return equities > 0
    ? {
        nombre_actions: equities,
        description: "Nombre d'actions suivies, à titre d'information ; le calcul divise par 3",
      }
    : {
        nombre_actions: INSTRUMENTS_OF_FIGURE,
        description:
          "Nombre d'instruments dont le chiffre est tiré, aucune action n'étant suivie ; à titre d'information, le calcul divise par 3",
      }
}

function formulaOf({ volume, sentiment, performance, score }: SimplifiedFigures): string {
  const [v, s, p, result] = [volume, sentiment, performance, score].map((value) => value.toFixed(2))
  return `(${v} + ${s} + ${p}) / 3 = ${result}`
}
