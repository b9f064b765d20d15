// One article as the sample holds it, put together from a story and the place it has in the timetable.
import type { Random } from './random.ts'
import type { Story } from './story.ts'
import type { Assignment } from './timetable.ts'

/** In microseconds. */
const SCRAPER_INTERVAL = 15 * 60 * 1_000_000

export interface SampleArticle {
  source: string
  title: string
  url: string
  summary: string | null
  content: string | null
  image_url: string | null
  language: 'en'
  /** RFC 3339 in UTC, with microseconds where they are not zero. */
  published_at: string
  /** When the scraper next came by. */
  scraped_at: string
  sentiment_score: number | null
  /** Left out of half of the scored articles: whoever loads them derives it. */
  sentiment_label?: 'positive' | 'neutral' | 'negative'
}

/** @param number counts a source's articles, and makes its URLs unique. */
export function compose(
  { source, instant, isUnscored }: Assignment,
  story: Story,
  background: string[],
  number: number,
  random: Random,
): SampleArticle {
  // A title with a colon of its own takes no other in front of it.
  const heading = random.chance(0.5) && !story.title.includes(':') ? source.heading : ''
  const publishedAt = formatInstant(instant)
  const slug = `${slugOf(story.title)}-${number}`
  const content = [story.detail, ...background.slice(0, random.integer(0, 2))].join(' ')
  const score = isUnscored ? null : sentimentOf(story.tone, random)
  return {
    source: source.code,
    title: `${heading}${story.title}`,
    url: `https://${source.code}.example/${publishedAt.slice(0, 10).replaceAll('-', '/')}/${slug}/`,
    summary: random.chance(0.05) ? null : story.lead,
    content: random.chance(0.08) ? null : content,
    image_url: random.chance(source.pictures) ? `https://${source.code}.example/images/${slug}.jpg` : null,
    language: 'en',
    published_at: publishedAt,
    scraped_at: formatInstant(Math.ceil((instant + 1) / SCRAPER_INTERVAL) * SCRAPER_INTERVAL),
    sentiment_score: score,
    ...(score !== null && random.chance(0.5) ? { sentiment_label: labelOf(score) } : {}),
  }
}

/** From the tone, with the noise that such scores have; only operations whose results are the same on every machine. */
function sentimentOf(tone: number, random: Random): number {
  const noise = (random.next() + random.next() + random.next() - 1.5) * 0.4
  const score = (0.95 * tone) / (1 + Math.abs(tone)) + noise
  return Math.round(Math.min(1, Math.max(-1, score)) * 100) / 100
}

function labelOf(score: number): 'positive' | 'neutral' | 'negative' {
  if (score >= 0.3) return 'positive'
  return score <= -0.3 ? 'negative' : 'neutral'
}

function formatInstant(microseconds: number): string {
  const fraction = microseconds % 1_000_000
  const seconds = new Date((microseconds - fraction) / 1000).toISOString().slice(0, 19)
  return fraction === 0 ? `${seconds}Z` : `${seconds}.${String(fraction).padStart(6, '0')}Z`
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll('s&p', 'sp')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
