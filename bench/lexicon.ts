// Texts that the lexicon analyses a second of CPU time, beside what any lexicon has to do: cutting the same texts into words, and looking each of
// them up in the general list that it contains.
import { VADER } from '../src/analyses/lexicon/data/vader.ts'
import { analyseSentiment } from '../src/analyses/lexicon/index.ts'
import { LABELLED } from '../test/unit/analyses/lexicon/labelled.ts'
import { compare, PAIRS, type Comparison, type Measured } from './compare.ts'

/** Headlines of about 15 words, and sentences of about 40, half each. */
const LENGTHS = [15, 40]
const TEXTS = 2000
const ASKED = 10_000

export async function lexicon(): Promise<Comparison[]> {
  const texts = Array.from({ length: TEXTS }, (_, number) =>
    textOf(number, LENGTHS[number % LENGTHS.length]!),
  )
  const valences = new Map(
    VADER.flatMap(([valence, words]) => words.split(/[,\n]+/).map((word) => [word, valence])),
  )
  const perSecond = (analyse: (text: string) => unknown): Promise<Measured> => {
    const started = process.cpuUsage()
    let [analysed, seconds] = [0, 0]
    while (seconds < 1) {
      for (const text of texts) analyse(text)
      analysed += texts.length
      const { user, system } = process.cpuUsage(started)
      seconds = (user + system) / 1_000_000
    }
    return Promise.resolve({ value: analysed / seconds })
  }
  const { ours, yardstick, ratio } = await compare(PAIRS, {
    ours: () => perSecond((text) => analyseSentiment(text)),
    yardstick: () =>
      perSecond((text) =>
        text
          .toLowerCase()
          .split(/[^\p{L}\p{N}]+/u)
          .reduce((sum, word) => sum + (valences.get(word) ?? 0), 0),
      ),
  })
  const name = 'sentiment by the lexicon, texts of 15 and 40 words, English and French'
  return [
    {
      name,
      against: null,
      unit: 'texts/s of CPU time',
      ours,
      yardstick: null,
      ratio: null,
      bound: { atLeast: ASKED },
    },
    {
      name: 'the same',
      against: 'the words looked up in a general list, without any rule',
      unit: 'texts/s of CPU time',
      ours,
      yardstick,
      ratio,
      bound: null,
    },
  ]
}

/** Texts of one language after each other, until there are as many words. */
function textOf(number: number, length: number): string {
  const { language } = LABELLED[number % LABELLED.length]!
  const same = LABELLED.filter((labelled) => labelled.language === language)
  const words: string[] = []
  for (let at = number; words.length < length; at += 1) words.push(...same[at % same.length]!.text.split(' '))
  return words.slice(0, length).join(' ')
}
