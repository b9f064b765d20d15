// Writes sample/articles.ndjson anew from the sample's bars: `node --import=tsx scripts/make-sample-articles.ts`.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generateSampleArticles } from './sample-articles/generate.ts'

const BARS = new URL('../sample/sp500-daily-2000-2020.csv', import.meta.url)
const ARTICLES = new URL('../sample/articles.ndjson', import.meta.url)

/** The file's whole content, as it has to be. */
export function makeSampleArticles(): string {
  return generateSampleArticles(readFileSync(BARS))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const articles = makeSampleArticles()
  writeFileSync(ARTICLES, articles)
  console.log(`${articles.split('\n').length - 1} articles in ${fileURLToPath(ARTICLES)}`)
}
