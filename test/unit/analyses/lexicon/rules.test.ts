// What each rule of the lexicon does, in both languages, one sentence a rule.
import t from 'tap'
import { analyseSentiment, type SentimentLabel } from '../../../../src/analyses/lexicon/index.ts'

const CASES: [rule: string, text: string, label: SentimentLabel][] = [
  ['a movement is judged by what moves', 'Unemployment falls', 'positive'],
  ['', 'Unemployment rises', 'negative'],
  ['', 'Losses narrow', 'positive'],
  ['', 'Losses widen', 'negative'],
  ['', 'Inflation eases', 'positive'],
  ['', 'Profits fall', 'negative'],
  ['', 'Le chômage recule', 'positive'],
  ['', 'Les bénéfices reculent', 'negative'],
  ['', "La dette s'alourdit", 'negative'],
  ['', 'Les coûts baissent', 'positive'],
  ['what moves may stand behind', 'Company cuts jobs', 'negative'],
  ['', 'Company cuts costs', 'positive'],
  ['', 'A sharp fall in unemployment', 'positive'],
  ['', 'Falling unemployment', 'positive'],
  ['', 'Forte hausse du chômage', 'negative'],
  ['', 'Le groupe réduit sa dette', 'positive'],
  ['a movement may move', 'La hausse des prix ralentit', 'positive'],
  ['', 'La hausse des bénéfices ralentit', 'negative'],
  ['', 'The slump deepens', 'negative'],
  ['the first of two things is what moves', 'Fears over growth fade', 'positive'],
  ['', "Les tensions sur le marché du gaz s'apaisent", 'positive'],
  ['a level says more of what moves already', 'Unemployment falls to its lowest level', 'positive'],
  ['', 'The currency falls to a record low', 'negative'],
  ['negation', 'Not bad', 'positive'],
  ['', 'The results are not good', 'negative'],
  ['', "The plan isn't a failure", 'positive'],
  ['', 'The housing market is no longer in free fall', 'positive'],
  ['', 'No recession in sight', 'positive'],
  ['', 'The bank averts default', 'positive'],
  ['', 'Company cuts no jobs', 'positive'],
  ['', "Ce n'est pas mauvais", 'positive'],
  ['', "Le résultat n'est pas bon", 'negative'],
  ['', "Le marché n'est plus en crise", 'positive'],
  ['', 'Aucun espoir', 'negative'],
  ['', 'Sans perte ni retard', 'positive'],
  ['', 'Le groupe ne supprime aucun poste', 'positive'],
  ['what is no negation', 'The company has never been better', 'positive'],
  ['', "Jamais l'entreprise n'a été aussi rentable", 'positive'],
  ['', 'Les ventes augmentent de plus en plus', 'positive'],
  ['', 'Sans surprise, la BCE maintient ses taux', 'neutral'],
  ['contrast', 'Earnings were strong, but the outlook is weak', 'negative'],
  ['', 'Les ventes ont progressé, mais la rentabilité s’effondre', 'negative'],
  ['concession', 'Profit falls despite record sales', 'negative'],
  ['', 'Malgré un début difficile, un bénéfice record', 'positive'],
  ['words of markets', 'Shares rally', 'positive'],
  ['', 'Norvane downgraded', 'negative'],
  ['', 'Norvane misses estimates', 'negative'],
  ['', 'Norvane beats estimates', 'positive'],
  ['', 'Profit warning', 'negative'],
  ['', 'Analysts are bearish', 'negative'],
  ['', 'Rate cut', 'positive'],
  ['', 'Krach boursier', 'negative'],
  ['', 'Le titre bondit', 'positive'],
  ['', 'Le titre dévisse', 'negative'],
  ['', 'Repli à Paris', 'negative'],
  ['', 'Objectifs abaissés', 'negative'],
  ['capitals without accents', "L'ECONOMIE EN RECESSION", 'negative'],
  ['nothing said', '', 'neutral'],
  ['', 'The meeting is on Thursday', 'neutral'],
  ['', 'La réunion est jeudi', 'neutral'],
]

t.test('each rule decides the sign', (t) => {
  let rule = ''
  for (const [name, text, label] of CASES) {
    rule = name === '' ? rule : name
    const { score, terms, label: said } = analyseSentiment(text)
    t.equal(said, label, `${rule}: ${text} (${score}: ${JSON.stringify(terms)})`)
  }
  t.end()
})

t.test('more and less is more and less', (t) => {
  const of = (text: string): number => analyseSentiment(text).score
  t.ok(of('Shares fell sharply') < of('Shares fell'))
  t.ok(of('Shares fell slightly') > of('Shares fell'))
  t.ok(of('Le titre recule nettement') < of('Le titre recule'))
  t.ok(of('Le titre recule légèrement') > of('Le titre recule'))
  t.ok(of('Good results') > of('Good results, but weak sales'))
  t.end()
})

t.test('the terms say why: as written, in the order of the text, and their sum gives the score', (t) => {
  const { terms, score, language } = analyseSentiment(
    "L'Inflation RALENTIT, mais les pertes se creusent fortement",
  )
  t.equal(language, 'fr')
  t.strictSame(
    terms.map(({ term }) => term),
    ['Inflation … RALENTIT', 'pertes … creusent'],
  )
  const sum = terms.reduce((total, { weight }) => total + weight, 0)
  t.ok(Math.abs(score - sum / Math.sqrt(sum * sum + 15)) < 0.001)
  t.end()
})

t.test('a language that is given is taken, whatever the text looks like', (t) => {
  t.equal(analyseSentiment('krach', 'en').language, 'en')
  t.equal(analyseSentiment('krach', 'en').score, 0)
  t.equal(analyseSentiment('krach', 'fr').label, 'negative')
  t.end()
})
