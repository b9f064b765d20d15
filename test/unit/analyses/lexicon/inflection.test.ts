// Forms that the notation of the dictionaries stands for.
import t from 'tap'
import { formsOf, inflectEnglish, inflectFrench } from '../../../../src/analyses/lexicon/inflection.ts'

t.test('English', (t) => {
  t.strictSame(formsOf('rise*|rose', inflectEnglish), ['rise', 'rises', 'rised', 'rising', 'rose'])
  t.strictSame(formsOf('rally*', inflectEnglish), ['rally', 'rallies', 'rallied', 'rallying'])
  t.strictSame(formsOf('trim*', inflectEnglish), ['trim', 'trims', 'trimmed', 'trimming'])
  t.strictSame(formsOf('crash*', inflectEnglish), ['crash', 'crashes', 'crashed', 'crashing'])
  t.strictSame(formsOf('rate cut+', inflectEnglish), ['rate cut', 'rate cuts'])
  t.strictSame(formsOf('beat|beats estimates|forecasts', inflectEnglish), [
    'beat estimates',
    'beat forecasts',
    'beats estimates',
    'beats forecasts',
  ])
  t.end()
})

t.test('French', (t) => {
  const has = (word: string, ...forms: string[]): void => {
    const all = formsOf(word, inflectFrench)
    for (const form of forms) t.ok(all.includes(form), `${word}: ${form}`)
  }
  has(
    'plonger*',
    'plonge',
    'plongent',
    'plongeait',
    'plongeant',
    'plongé',
    'plongée',
    'plongèrent',
    'plongera',
  )
  has('bondir*', 'bondit', 'bondissent', 'bondi', 'bondissait')
  has('perdre*', 'perd', 'perdent', 'perdu')
  has('haussier+', 'haussier', 'haussiers', 'haussiere', 'haussieres')
  has('décevant+', 'décevante', 'décevants')
  has('prometteur+', 'prometteur', 'prometteurs', 'prometteuse', 'prometteuses')
  has('positif+', 'positive', 'positives')
  has('désastreux+', 'désastreuse')
  has('bon+', 'bonne', 'bonnes')
  has('niveau+', 'niveaux')
  has('social+', 'sociaux', 'sociale')
  t.end()
})
