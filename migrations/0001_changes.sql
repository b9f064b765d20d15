-- Written by hand. Data that changes announces itself: each commit that touches what answers are made of is in the clear log as a soft expiry of
-- the tags of src/http/tags.ts, whoever wrote it and by whatever means. docs/caching.md says what that is for and where it ends.

-- Positions of the clear log. Not max(seq) alone: in a transaction of an isolation level above READ COMMITTED that is the position of its first
-- statement. It follows no transaction, which does no harm: whoever draws from it holds the log's lock until the commit, and a gap means nothing.
CREATE SEQUENCE "cache_clears_position";
--> statement-breakpoint
-- The next position, behind `behind` in any case. The caller holds the clear log's lock.
CREATE FUNCTION "next_clear_position"("behind" bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  drawn bigint := nextval('cache_clears_position');
  -- Of rows that came by other means, such as a dump of the table alone, the sequence does not know.
  seq bigint := greatest(drawn, behind + 1, (SELECT max(c.seq) + 1 FROM cache_clears c));
BEGIN
  IF seq > drawn THEN PERFORM setval('cache_clears_position', seq); END IF;
  RETURN seq;
END $$;
--> statement-breakpoint
-- What running transactions have touched so far. A row is seen by its own transaction alone, and is gone when that ends.
CREATE UNLOGGED TABLE "cache_changes" ("transaction" xid8 NOT NULL, "tag" text NOT NULL);
--> statement-breakpoint
-- Without the tag: it may be longer than an index takes.
CREATE INDEX "cache_changes_transaction" ON "cache_changes" ("transaction");
--> statement-breakpoint
-- Notes each tag once for a transaction; `whole` in place of more than 50 of a kind, as each clear costs every reader something and they keep 1000.
CREATE FUNCTION "collect_changes"("tags" text[], "whole" text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  mine xid8 := pg_current_xact_id();
  known text[] := array(SELECT tag FROM cache_changes WHERE transaction = mine);
  fresh text[];
  kind text;
BEGIN
  IF known @> whole THEN RETURN; END IF;
  fresh := array(SELECT tag FROM unnest(tags) AS tag WHERE tag <> ALL (known));
  IF fresh = '{}' THEN RETURN; END IF;
  kind := split_part(fresh[1], ':', 1) || ':';
  IF cardinality(fresh) + (SELECT count(*) FROM unnest(known) AS tag WHERE starts_with(tag, kind)) > 50 THEN
    DELETE FROM cache_changes WHERE transaction = mine AND starts_with(tag, kind);
    fresh := array(SELECT tag FROM unnest(whole) AS tag WHERE tag <> ALL (known));
  END IF;
  -- A client that said SET CONSTRAINTS ALL IMMEDIATE would hold the clear log from here to its commit.
  SET CONSTRAINTS cache_changes_announced DEFERRED;
  INSERT INTO cache_changes SELECT mine, unnest(fresh);
END $$;
--> statement-breakpoint
-- Of a statement. Arguments: the columns that matter; the tags of the rows `changed`, as a query; what stands for too many of these, and for TRUNCATE.
-- An UPDATE changes those rows that were not there before or are there no more, so a row that moves counts for both of its places.
CREATE FUNCTION "announce_rows"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  changed text := CASE tg_op
    WHEN 'INSERT' THEN 'select %1$s from new_rows'
    WHEN 'DELETE' THEN 'select %1$s from old_rows'
    WHEN 'UPDATE' THEN '(select %1$s from old_rows except all select %1$s from new_rows)
      union all (select %1$s from new_rows except all select %1$s from old_rows)'
  END;
  tags text[] := tg_argv[2:];
BEGIN
  IF tg_op <> 'TRUNCATE' THEN
    EXECUTE format('with changed as (' || changed || ')
      select array_agg(tag) from (select distinct tag from (%2$s) as rows (tag) limit 51) as found', tg_argv[0], tg_argv[1])
    INTO tags;
  END IF;
  PERFORM collect_changes(tags, tg_argv[2:]);
  RETURN NULL;
END $$;
--> statement-breakpoint
-- At the commit, the last thing before it: the first row's turn takes what its whole transaction has noted. Only from here on others wait, and
-- for nothing but the commit. The lock is CLEAR_LOG_LOCK of src/db/clear-log.ts.
CREATE FUNCTION "announce_changes"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tags text[];
  touched text;
  seq bigint;
BEGIN
  WITH taken AS (DELETE FROM cache_changes WHERE transaction = new.transaction RETURNING tag)
  SELECT array_agg(tag ORDER BY tag) INTO tags FROM taken;
  IF tags IS NULL THEN RETURN NULL; END IF;
  PERFORM pg_advisory_xact_lock(1668050791);
  FOREACH touched IN ARRAY tags LOOP
    seq := next_clear_position(0);
    -- Not now(), the transaction's beginning: what is older than any entry is given up.
    INSERT INTO cache_clears (seq, kind, selector, soft, actor, cleared_at)
    VALUES (seq, 'tag', touched, true, 'data', clock_timestamp());
  END LOOP;
  PERFORM pg_notify('barometer_clears', seq::text);
  RETURN NULL;
END $$;
--> statement-breakpoint
-- None of these is for callers from outside; triggers run them all the same.
REVOKE EXECUTE ON FUNCTION "collect_changes"(text[], text[]), "announce_rows"(), "announce_changes"() FROM PUBLIC;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "cache_changes_announced" AFTER INSERT ON "cache_changes"
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "announce_changes"();
--> statement-breakpoint
-- A trigger with transition tables is for one kind of statement, so there are four for each of these.
DO $$
DECLARE
  source record;
  kind record;
BEGIN
  FOR source IN SELECT * FROM (VALUES
    ('daily_bars', 'changes', '*', $q$select 'volume:' || symbol from instruments where id in (select instrument_id from changed)$q$,
      '{dataset:volume}'::text[]),
    ('score_snapshots', 'changes', '*', $q$select 'score:' || symbol from instruments where id in (select instrument_id from changed)$q$,
      '{dataset:score}'),
    ('instruments', 'changes', '*', $q$select 'symbol:' || symbol from changed$q$, '{dataset:volume,dataset:score}'),
    ('media_sources', 'changes', '*', $q$select 'source:' || code from changed$q$, '{dataset:media}'),
    ('media_articles', 'changes', '*', $q$select 'source:' || source from changed$q$, '{dataset:media}'),
    -- What scores are made of, apart from the bars.
    ('media_articles', 'sentiment', 'published_at, sentiment_score',
      $q$select 'dataset:sentiment' from changed where sentiment_score is not null$q$, '{dataset:sentiment}')
  ) AS sources (relation, name, columns, tags, whole) LOOP
    FOR kind IN SELECT * FROM (VALUES
      ('insert', 'REFERENCING NEW TABLE AS new_rows'),
      ('delete', 'REFERENCING OLD TABLE AS old_rows'),
      ('update', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'),
      ('truncate', '')
    ) AS kinds (operation, transition) LOOP
      EXECUTE format('CREATE TRIGGER %I AFTER %s ON %I %s FOR EACH STATEMENT EXECUTE FUNCTION announce_rows(%L, %L, %s)',
        source.name || '_' || kind.operation, kind.operation, source.relation, kind.transition, source.columns, source.tags,
        (SELECT string_agg(quote_literal(tag), ', ') FROM unnest(source.whole) AS tag));
    END LOOP;
  END LOOP;
END $$;
--> statement-breakpoint
-- Up to which position of the clear log the scores follow the data, and by which method and bond instrument; one row at most.
CREATE TABLE "score_state" (
	"single" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"position" bigint NOT NULL,
	"method_version" integer NOT NULL,
	"bond_symbol" text,
	CONSTRAINT "score_state_single" CHECK ("single")
);
