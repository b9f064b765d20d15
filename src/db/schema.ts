// The tables, as drizzle sees them; `migrations/` is generated from this file and reviewed.
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  type ExtraConfigColumn,
} from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

export * from './analysis-schema.ts'

/** NULLS FIRST is what `order by … desc` means; drizzle-kit's own default, NULLS LAST, is an order that no query asks for. */
const newestFirst = (table: Record<'publishedAt' | 'id', ExtraConfigColumn>) =>
  [table.publishedAt.desc().nullsFirst(), table.id.desc().nullsFirst()] as const
const identity = () => bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity()

export const instruments = pgTable(
  'instruments',
  {
    id: identity(),
    symbol: text('symbol').notNull().unique(),
    name: text('name').notNull(),
    kind: text('kind', { enum: ['index', 'equity', 'bond'] }).notNull(),
    currency: text('currency'),
    exchange: text('exchange'),
  },
  (table) => [check('instruments_kind', sql`${table.kind} in ('index', 'equity', 'bond')`)],
)

export const dailyBars = pgTable(
  'daily_bars',
  {
    // Not deleted with their instrument: years of bars must not go by one slip.
    instrumentId: bigint('instrument_id', { mode: 'number' })
      .notNull()
      .references(() => instruments.id),
    date: date('date', { mode: 'string' }).notNull(),
    open: doublePrecision('open').notNull(),
    high: doublePrecision('high').notNull(),
    low: doublePrecision('low').notNull(),
    close: doublePrecision('close').notNull(),
    volume: doublePrecision('volume').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.instrumentId, table.date] }),
    // JSON has neither NaN nor infinity, and returns are logarithms of closes.
    check(
      'daily_bars_prices',
      sql`${table.low} > 0 and ${table.high} >= ${table.low} and ${table.high} < 'infinity'
        and ${table.open} > 0 and ${table.open} < 'infinity' and ${table.close} > 0 and ${table.close} < 'infinity'`,
    ),
    check('daily_bars_volume', sql`${table.volume} >= 0 and ${table.volume} < 'infinity'`),
    check('daily_bars_date', sql`${table.date} between '0001-01-01' and '9999-12-31'`),
  ],
)

export const mediaSources = pgTable('media_sources', {
  id: identity(),
  code: text('code').notNull().unique(),
  name: text('name').notNull(),
  logoUrl: text('logo_url'),
})

export const mediaArticles = pgTable(
  'media_articles',
  {
    id: identity(),
    source: text('source')
      .notNull()
      .references(() => mediaSources.code, { onUpdate: 'cascade' }),
    title: text('title').notNull(),
    url: text('url').notNull().unique(),
    summary: text('summary'),
    content: text('content'),
    imageUrl: text('image_url'),
    language: text('language'),
    publishedAt: instant('published_at').notNull(),
    sentimentScore: doublePrecision('sentiment_score'),
    sentimentLabel: text('sentiment_label', { enum: ['positive', 'neutral', 'negative'] }),
    /**
     * The analyser that was asked for a score, as the article came without one. Null: the score came with the article, or nobody was asked yet.
     * With it and without a score: that analyser has nothing to say of it, such as of its language.
     */
    sentimentBy: text('sentiment_by'),
    scrapedAt: instant('scraped_at').notNull().defaultNow(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    // Sentiment stands behind the order, so that its figures need not look into the table.
    index('media_articles_published').on(...newestFirst(table), table.sentimentScore, table.sentimentLabel),
    // All columns in one direction, as row comparisons need it.
    index('media_articles_source').on(table.source.desc().nullsFirst(), ...newestFirst(table)),
    index('media_articles_label').on(table.sentimentLabel.desc().nullsFirst(), ...newestFirst(table)),
    // Both filters at once, in one expression: of two columns, PostgreSQL would at times look up one and read all rows to find the other.
    // The columns themselves stand behind, so that counting need not look into the table.
    index('media_articles_source_label').on(
      sql`(${table.source} || ':' || ${table.sentimentLabel}) desc`,
      ...newestFirst(table),
      table.source,
      table.sentimentLabel,
    ),
    // What is to be analysed, the newest first; empty but for moments.
    index('media_articles_unscored')
      .on(table.id)
      .where(sql`${table.sentimentScore} is null and ${table.sentimentBy} is null`),
    // Longer ones do not fit an index row.
    check(
      'media_articles_url_length',
      sql`char_length(${table.url}) <= 2048 and octet_length(${table.url}) <= 2600`,
    ),
    check('media_articles_label_known', sql`${table.sentimentLabel} in ('positive', 'neutral', 'negative')`),
    check('media_articles_score_range', sql`${table.sentimentScore} between -1 and 1`),
    check(
      'media_articles_published_range',
      sql`${table.publishedAt} >= '0001-01-01T00:00:00Z' and ${table.publishedAt} < '10000-01-01T00:00:00Z'`,
    ),
  ],
)

export const scoreSnapshots = pgTable(
  'score_snapshots',
  {
    instrumentId: bigint('instrument_id', { mode: 'number' })
      .notNull()
      .references(() => instruments.id, { onDelete: 'cascade' }),
    asOf: date('as_of', { mode: 'string' }).notNull(),
    score: doublePrecision('score').notNull(),
    momentum: doublePrecision('momentum'),
    priceStrength: doublePrecision('price_strength'),
    volume: doublePrecision('volume'),
    volatility: doublePrecision('volatility'),
    equityVsBonds: doublePrecision('equity_vs_bonds'),
    mediaSentiment: doublePrecision('media_sentiment'),
    coverage: doublePrecision('coverage').notNull(),
    methodVersion: integer('method_version').notNull(),
    computedAt: instant('computed_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.instrumentId, table.asOf] })],
)

/**
 * The clear log: what was cleared, in commit order (`seq` is given out under an advisory lock). A cached answer carries the `seq` at which its
 * load began and is judged by the clears since; the table is the audit log as well.
 */
export const cacheClears = pgTable(
  'cache_clears',
  {
    seq: bigint('seq', { mode: 'number' }).primaryKey(),
    /** A glob over cache keys, one whole key, or a tag of entries. */
    kind: text('kind', { enum: ['pattern', 'key', 'tag'] }).notNull(),
    selector: text('selector').notNull(),
    /** Soft: the entry counts as expired and may still be answered as stale. Hard: it is dead. */
    soft: boolean('soft').notNull().default(false),
    /** Who asked for it: the API key's name, `loopback`, or a command. */
    actor: text('actor').notNull(),
    clearedAt: instant('cleared_at').notNull().defaultNow(),
    /** Why, in the words of who asked. */
    reason: text('reason'),
    // What became of it, for people: written afterwards, in one update, by the instance that was asked. Never where nobody waits for the outcome.
    completedAt: instant('completed_at'),
    tookMs: integer('took_ms'),
    /** Distinct keys found in Redis and in the memory of that instance; null where nobody looked. */
    deleted: integer('deleted'),
    /** Names of the instances that acknowledged it, and of those whose lease ran out instead. */
    confirmedBy: jsonb('confirmed_by').$type<string[]>(),
    expired: jsonb('expired').$type<string[]>(),
  },
  (table) => [
    index('cache_clears_time').on(table.clearedAt),
    // For the list of clears: all columns in one direction, as row comparisons need it.
    index('cache_clears_actor').on(table.actor.desc().nullsFirst(), table.seq.desc().nullsFirst()),
    index('cache_clears_soft').on(table.soft.desc().nullsFirst(), table.seq.desc().nullsFirst()),
    check('cache_clears_kind', sql`${table.kind} in ('pattern', 'key', 'tag')`),
  ],
)

/** The instances that a clear waits for. Few and short-lived; each writes its row a few times a second while it has anything to do. */
export const cacheMembers = pgTable('cache_members', {
  id: text('id').primaryKey(),
  /** For people: host and process. */
  name: text('name').notNull(),
  /** Counts renewals. */
  beat: bigint('beat', { mode: 'number' }).notNull().default(0),
  /** Every clear up to this position is applied there. */
  applied: bigint('applied', { mode: 'number' }).notNull(),
})

/** Every epoch that the clear log has had, so that the first clear after a failover knows that the list of instances may be incomplete. */
export const cacheEpochs = pgTable('cache_epochs', {
  epoch: text('epoch').primaryKey(),
  noticedAt: instant('noticed_at').notNull(),
})

/** What was asked for most, for instances that start. */
export const cacheHotUrls = pgTable('cache_hot_urls', {
  url: text('url').primaryKey(),
  perMinute: doublePrecision('per_minute').notNull(),
  notedAt: instant('noted_at').notNull().defaultNow(),
})

/** What each life of an instance has counted, for figures of the whole fleet; lives long over are added up in one. */
export const cacheCounts = pgTable(
  'cache_counts',
  {
    life: text('life').notNull(),
    /** First part of cache keys; empty for what is of no category. */
    category: text('category').notNull(),
    counter: text('counter').notNull(),
    count: bigint('count', { mode: 'number' }).notNull(),
    countedAt: instant('counted_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.life, table.category, table.counter] })],
)
