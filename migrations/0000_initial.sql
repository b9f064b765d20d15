CREATE TABLE "cache_clears" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"selector" text NOT NULL,
	"soft" boolean DEFAULT false NOT NULL,
	"actor" text NOT NULL,
	"cleared_at" timestamp with time zone DEFAULT now() NOT NULL,
	"reason" text,
	"completed_at" timestamp with time zone,
	"took_ms" integer,
	"deleted" integer,
	"confirmed_by" jsonb,
	"expired" jsonb,
	CONSTRAINT "cache_clears_kind" CHECK ("cache_clears"."kind" in ('pattern', 'key', 'tag'))
);
--> statement-breakpoint
CREATE TABLE "cache_counts" (
	"life" text NOT NULL,
	"category" text NOT NULL,
	"counter" text NOT NULL,
	"count" bigint NOT NULL,
	"counted_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cache_counts_life_category_counter_pk" PRIMARY KEY("life","category","counter")
);
--> statement-breakpoint
CREATE TABLE "cache_epochs" (
	"epoch" text PRIMARY KEY NOT NULL,
	"noticed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cache_hot_urls" (
	"url" text PRIMARY KEY NOT NULL,
	"per_minute" double precision NOT NULL,
	"noted_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cache_members" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"beat" bigint DEFAULT 0 NOT NULL,
	"applied" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "daily_bars" (
	"instrument_id" bigint NOT NULL,
	"date" date NOT NULL,
	"open" double precision NOT NULL,
	"high" double precision NOT NULL,
	"low" double precision NOT NULL,
	"close" double precision NOT NULL,
	"volume" double precision NOT NULL,
	CONSTRAINT "daily_bars_instrument_id_date_pk" PRIMARY KEY("instrument_id","date"),
	CONSTRAINT "daily_bars_prices" CHECK ("daily_bars"."low" > 0 and "daily_bars"."high" >= "daily_bars"."low" and "daily_bars"."high" < 'infinity'
        and "daily_bars"."open" > 0 and "daily_bars"."open" < 'infinity' and "daily_bars"."close" > 0 and "daily_bars"."close" < 'infinity'),
	CONSTRAINT "daily_bars_volume" CHECK ("daily_bars"."volume" >= 0 and "daily_bars"."volume" < 'infinity'),
	CONSTRAINT "daily_bars_date" CHECK ("daily_bars"."date" between '0001-01-01' and '9999-12-31')
);
--> statement-breakpoint
CREATE TABLE "instruments" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "instruments_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"symbol" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"currency" text,
	"exchange" text,
	CONSTRAINT "instruments_symbol_unique" UNIQUE("symbol"),
	CONSTRAINT "instruments_kind" CHECK ("instruments"."kind" in ('index', 'equity', 'bond'))
);
--> statement-breakpoint
CREATE TABLE "media_articles" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "media_articles_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"title" text NOT NULL,
	"url" text NOT NULL,
	"summary" text,
	"content" text,
	"image_url" text,
	"language" text,
	"published_at" timestamp with time zone NOT NULL,
	"sentiment_score" double precision,
	"sentiment_label" text,
	"scraped_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "media_articles_url_unique" UNIQUE("url"),
	CONSTRAINT "media_articles_url_length" CHECK (char_length("media_articles"."url") <= 2048 and octet_length("media_articles"."url") <= 2600),
	CONSTRAINT "media_articles_label_known" CHECK ("media_articles"."sentiment_label" in ('positive', 'neutral', 'negative')),
	CONSTRAINT "media_articles_score_range" CHECK ("media_articles"."sentiment_score" between -1 and 1),
	CONSTRAINT "media_articles_published_range" CHECK ("media_articles"."published_at" >= '0001-01-01T00:00:00Z' and "media_articles"."published_at" < '10000-01-01T00:00:00Z')
);
--> statement-breakpoint
CREATE TABLE "media_sources" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "media_sources_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"code" text NOT NULL,
	"name" text NOT NULL,
	"logo_url" text,
	CONSTRAINT "media_sources_code_unique" UNIQUE("code")
);
--> statement-breakpoint
CREATE TABLE "score_snapshots" (
	"instrument_id" bigint NOT NULL,
	"as_of" date NOT NULL,
	"score" double precision NOT NULL,
	"momentum" double precision,
	"price_strength" double precision,
	"volume" double precision,
	"volatility" double precision,
	"equity_vs_bonds" double precision,
	"media_sentiment" double precision,
	"coverage" double precision NOT NULL,
	"method_version" integer NOT NULL,
	"computed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "score_snapshots_instrument_id_as_of_pk" PRIMARY KEY("instrument_id","as_of")
);
--> statement-breakpoint
ALTER TABLE "daily_bars" ADD CONSTRAINT "daily_bars_instrument_id_instruments_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "public"."instruments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_articles" ADD CONSTRAINT "media_articles_source_media_sources_code_fk" FOREIGN KEY ("source") REFERENCES "public"."media_sources"("code") ON DELETE no action ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "score_snapshots" ADD CONSTRAINT "score_snapshots_instrument_id_instruments_id_fk" FOREIGN KEY ("instrument_id") REFERENCES "public"."instruments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "cache_clears_time" ON "cache_clears" USING btree ("cleared_at");--> statement-breakpoint
CREATE INDEX "cache_clears_actor" ON "cache_clears" USING btree ("actor" DESC NULLS FIRST,"seq" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "cache_clears_soft" ON "cache_clears" USING btree ("soft" DESC NULLS FIRST,"seq" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "media_articles_published" ON "media_articles" USING btree ("published_at" DESC NULLS FIRST,"id" DESC NULLS FIRST,"sentiment_score","sentiment_label");--> statement-breakpoint
CREATE INDEX "media_articles_source" ON "media_articles" USING btree ("source" DESC NULLS FIRST,"published_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "media_articles_label" ON "media_articles" USING btree ("sentiment_label" DESC NULLS FIRST,"published_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "media_articles_source_label" ON "media_articles" USING btree (("source" || ':' || "sentiment_label") desc,"published_at" DESC NULLS FIRST,"id" DESC NULLS FIRST,"source","sentiment_label");