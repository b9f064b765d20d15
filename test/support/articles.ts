// Articles with what makes lists hard: equal times, times that differ by a microsecond, labels and texts that are missing.

export interface SampleArticle {
  source: string
  title: string
  url: string
  published_at: string
  summary?: string
  content?: string
  image_url?: string
  sentiment_score?: number
  scraped_at?: string
}

const SOURCES = ['harbor-wire', 'harbor-wire', 'harbor-wire', 'quay-post', 'Ledger.24'] as const
/** Within one millisecond, so that a time cut to milliseconds makes them equal or lets one appear twice. */
const FRACTIONS = ['', '.000001', '.000002', '.999999', '.5'] as const

/** 140 articles: 7 days of 20, at four times a day, five articles each, some of them in the same microsecond. */
export const articles: readonly SampleArticle[] = Array.from({ length: 140 }, (_, index): SampleArticle => {
  const day = 1 + Math.floor(index / 20)
  const hour = ['00', '09', '09', '23'][index % 4] ?? ''
  const fraction = FRACTIONS[Math.floor(index / 4) % 5] ?? ''
  const score = Math.round(Math.sin(index) * 100) / 100
  const url = `https://press.example/${index}`
  return {
    source: SOURCES[index % 5] ?? '',
    title: `Title ${index} – “é”`,
    url,
    published_at: `2020-04-0${day}T${hour}:${hour === '23' ? '59:59' : '00:00'}${fraction}Z`,
    scraped_at: `2020-05-01T00:00:00${fraction}Z`,
    ...(index % 3 === 0 ? {} : { sentiment_score: score, summary: `Summary ${index}` }),
    ...(index % 7 === 0 ? { content: 'Text\nof two lines', image_url: `${url}.png` } : {}),
  }
})
