// The tables of analyses: results, claims, and what they cost and saved.
import { sql } from 'drizzle-orm'
import {
  bigint,
  check,
  customType,
  date,
  index,
  json,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

/**
 * Results of analyses that somebody paid for, by the key that the cache has them under. Whose content is a person's has its result sealed. A row past
 * `expires_at` may stand in for a call that fails.
 */
export const analyses = pgTable(
  'analyses',
  {
    key: text('key').primaryKey(),
    /** SHA-256 of the content. */
    hash: text('hash').notNull(),
    kind: text('kind', { enum: ['text', 'file'] }).notNull(),
    analyser: text('analyser').notNull(),
    version: text('version').notNull(),
    language: text('language'),
    tone: text('tone'),
    /** As they came, in the order in which they came; within what is sealed where it is. */
    parameters: json('parameters'),
    result: json('result'),
    /** HMAC of whom the content is about. */
    subjectHash: text('subject_hash'),
    salt: bytes('salt'),
    sealed: bytes('sealed'),
    costMicros: bigint('cost_micros', { mode: 'number' }).notNull(),
    currency: text('currency').notNull(),
    /** Of the call that brought it. */
    token: uuid('token').notNull(),
    analysedAt: instant('analysed_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    index('analyses_hash').on(table.hash),
    index('analyses_expires').on(table.expiresAt),
    index('analyses_subject')
      .on(table.subjectHash)
      .where(sql`${table.subjectHash} is not null`),
    check('analyses_kind', sql`${table.kind} in ('text', 'file')`),
    check('analyses_cost', sql`${table.costMicros} >= 0`),
    check(
      'analyses_sealed',
      sql`case when ${table.subjectHash} is null
        then ${table.result} is not null and ${table.parameters} is not null and ${table.sealed} is null and ${table.salt} is null
        else ${table.result} is null and ${table.parameters} is null and ${table.sealed} is not null and ${table.salt} is not null end`,
    ),
    check(
      'analyses_personal_ttl',
      sql`${table.subjectHash} is null or ${table.expiresAt} <= ${table.analysedAt} + interval '48 hours'`,
    ),
  ],
)

/** Who is about to pay for what: one call a key at a time. Also what became of the last one, for as long as that matters to others. */
export const analysisClaims = pgTable(
  'analysis_claims',
  {
    key: text('key').primaryKey(),
    token: uuid('token').notNull(),
    state: text('state', { enum: ['running', 'failed', 'refused'] }).notNull(),
    /** Code of the problem that a failure or a refusal is answered with. */
    code: text('code'),
    subjectHash: text('subject_hash'),
    analyser: text('analyser').notNull(),
    /** On whose budget. */
    day: date('day', { mode: 'string' }).notNull(),
    currency: text('currency').notNull(),
    costMicros: bigint('cost_micros', { mode: 'number' }).notNull(),
    claimedAt: instant('claimed_at').notNull(),
    /** Running: the holder counts as dead from then on. Failed: when that was. Refused: remembered until then. */
    until: instant('until').notNull(),
  },
  (table) => [
    index('analysis_claims_subject')
      .on(table.subjectHash)
      .where(sql`${table.subjectHash} is not null`),
    check('analysis_claims_state', sql`${table.state} in ('running', 'failed', 'refused')`),
  ],
)

/** Analysers that asked to be left alone, by 429 or 503. */
export const analyserPauses = pgTable('analyser_pauses', {
  analyser: text('analyser').primaryKey(),
  until: instant('until').notNull(),
})

/** Calls and what they cost, by day of UTC. A cost is added before its call, so that parallel ones cannot pass the budget. */
export const analysisSpending = pgTable(
  'analysis_spending',
  {
    day: date('day', { mode: 'string' }).notNull(),
    analyser: text('analyser').notNull(),
    currency: text('currency').notNull(),
    calls: bigint('calls', { mode: 'number' }).notNull(),
    /** Calls that brought no result. */
    failures: bigint('failures', { mode: 'number' }).notNull(),
    spentMicros: bigint('spent_micros', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.analyser, table.currency] })],
)

/** What each life of an instance answered without a call, and what that would have cost; lives long over are added up in one. */
export const analysisSavings = pgTable(
  'analysis_savings',
  {
    life: text('life').notNull(),
    day: date('day', { mode: 'string' }).notNull(),
    analyser: text('analyser').notNull(),
    currency: text('currency').notNull(),
    hits: bigint('hits', { mode: 'number' }).notNull(),
    /** Answered by a call of somebody else's. */
    shared: bigint('shared', { mode: 'number' }).notNull(),
    savedMicros: bigint('saved_micros', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.life, table.day, table.analyser, table.currency] })],
)

/** Who was forgotten, by HMAC, for as long as a result of theirs could be under way. */
export const forgottenSubjects = pgTable('forgotten_subjects', {
  subjectHash: text('subject_hash').primaryKey(),
  forgottenAt: instant('forgotten_at').notNull(),
})
