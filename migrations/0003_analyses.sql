CREATE TABLE "analyser_pauses" (
	"analyser" text PRIMARY KEY NOT NULL,
	"until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "analyses" (
	"key" text PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"kind" text NOT NULL,
	"analyser" text NOT NULL,
	"version" text NOT NULL,
	"language" text,
	"tone" text,
	"parameters" json,
	"result" json,
	"subject_hash" text,
	"salt" "bytea",
	"sealed" "bytea",
	"cost_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"token" uuid NOT NULL,
	"analysed_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "analyses_kind" CHECK ("analyses"."kind" in ('text', 'file')),
	CONSTRAINT "analyses_cost" CHECK ("analyses"."cost_micros" >= 0),
	CONSTRAINT "analyses_sealed" CHECK (case when "analyses"."subject_hash" is null
        then "analyses"."result" is not null and "analyses"."parameters" is not null and "analyses"."sealed" is null and "analyses"."salt" is null
        else "analyses"."result" is null and "analyses"."parameters" is null and "analyses"."sealed" is not null and "analyses"."salt" is not null end),
	CONSTRAINT "analyses_personal_ttl" CHECK ("analyses"."subject_hash" is null or "analyses"."expires_at" <= "analyses"."analysed_at" + interval '48 hours')
);
--> statement-breakpoint
CREATE TABLE "analysis_claims" (
	"key" text PRIMARY KEY NOT NULL,
	"token" uuid NOT NULL,
	"state" text NOT NULL,
	"code" text,
	"subject_hash" text,
	"analyser" text NOT NULL,
	"day" date NOT NULL,
	"currency" text NOT NULL,
	"cost_micros" bigint NOT NULL,
	"claimed_at" timestamp with time zone NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "analysis_claims_state" CHECK ("analysis_claims"."state" in ('running', 'failed', 'refused'))
);
--> statement-breakpoint
CREATE TABLE "analysis_savings" (
	"life" text NOT NULL,
	"day" date NOT NULL,
	"analyser" text NOT NULL,
	"currency" text NOT NULL,
	"hits" bigint NOT NULL,
	"shared" bigint NOT NULL,
	"saved_micros" bigint NOT NULL,
	CONSTRAINT "analysis_savings_life_day_analyser_currency_pk" PRIMARY KEY("life","day","analyser","currency")
);
--> statement-breakpoint
CREATE TABLE "analysis_spending" (
	"day" date NOT NULL,
	"analyser" text NOT NULL,
	"currency" text NOT NULL,
	"calls" bigint NOT NULL,
	"failures" bigint NOT NULL,
	"spent_micros" bigint NOT NULL,
	CONSTRAINT "analysis_spending_day_analyser_currency_pk" PRIMARY KEY("day","analyser","currency")
);
--> statement-breakpoint
CREATE TABLE "forgotten_subjects" (
	"subject_hash" text PRIMARY KEY NOT NULL,
	"forgotten_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "analyses_hash" ON "analyses" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "analyses_expires" ON "analyses" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "analyses_subject" ON "analyses" USING btree ("subject_hash") WHERE "analyses"."subject_hash" is not null;--> statement-breakpoint
CREATE INDEX "analysis_claims_subject" ON "analysis_claims" USING btree ("subject_hash") WHERE "analysis_claims"."subject_hash" is not null;
--> statement-breakpoint
-- Written by hand from here on: who may call an analyser, and what becomes of the call. Each is one round trip, may run twice with the same token and does
-- the same then. Clocks are the server's. The order of locks is that of the statements: a claim, then the day's spending.

-- What is personal is kept for 48 hours at most, counted from the real time, whatever a statement says.
CREATE FUNCTION "keep_personal_age"() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF new.subject_hash IS NOT NULL AND new.analysed_at > clock_timestamp() THEN
    RAISE EXCEPTION 'a personal result cannot be of the future' USING ERRCODE = 'check_violation';
  END IF;
  IF tg_op = 'UPDATE' AND old.subject_hash IS NOT NULL AND new.token = old.token
    AND (new.analysed_at, new.subject_hash) IS DISTINCT FROM (old.analysed_at, old.subject_hash) THEN
    RAISE EXCEPTION 'a personal result keeps its age and its subject' USING ERRCODE = 'check_violation';
  END IF;
  RETURN new;
END $$;
--> statement-breakpoint
CREATE TRIGGER "analyses_personal_age" BEFORE INSERT OR UPDATE ON "analyses" FOR EACH ROW EXECUTE FUNCTION "keep_personal_age"();
--> statement-breakpoint
-- Asks for the right to call. `state`: mine (call now; its cost is spent already); theirs (a call is under way); kept (there is a result); failed and refused
-- (with the problem's code; a failure of before `since` is over); paused (the analyser wants to be left alone) and spent (no budget left), each until `at`.
CREATE FUNCTION "claim_analysis"(
  "p_key" text, "p_token" uuid, "p_subject" text, "p_analyser" text, "p_currency" text, "p_cost" bigint, "p_budget" bigint,
  "p_lease" interval, "p_since" timestamptz, "p_force" boolean
) RETURNS TABLE ("state" text, "code" text, "at" timestamptz, "now" timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  claim analysis_claims;
  today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
  pause timestamptz;
BEGIN
  now := clock_timestamp();
  LOOP
    INSERT INTO analysis_claims AS c (key, token, state, subject_hash, analyser, day, currency, cost_micros, claimed_at, until)
    VALUES (p_key, p_token, 'running', p_subject, p_analyser, today, p_currency, p_cost, now, now + p_lease)
    ON CONFLICT (key) DO NOTHING;
    EXIT WHEN FOUND;
    SELECT * INTO claim FROM analysis_claims c WHERE c.key = p_key FOR UPDATE;
    -- It ended in between.
    CONTINUE WHEN NOT FOUND;
    now := clock_timestamp();
    IF claim.state = 'running' THEN
      IF claim.token = p_token THEN
        RETURN QUERY SELECT 'mine', NULL::text, claim.until, now;
        RETURN;
      END IF;
      IF claim.until > now THEN
        RETURN QUERY SELECT 'theirs', NULL::text, claim.until, now;
        RETURN;
      END IF;
      -- Whoever held it is gone. What its call cost is spent, since nobody knows.
      UPDATE analysis_spending s SET failures = s.failures + 1
      WHERE (s.day, s.analyser, s.currency) = (claim.day, claim.analyser, claim.currency);
    ELSIF (claim.state = 'refused' AND claim.until > now) OR (claim.state = 'failed' AND claim.until >= p_since) THEN
      RETURN QUERY SELECT claim.state, claim.code, claim.until, now;
      RETURN;
    END IF;
    UPDATE analysis_claims c SET (token, state, code, subject_hash, analyser, day, currency, cost_micros, claimed_at, until) =
      (p_token, 'running', NULL, p_subject, p_analyser, today, p_currency, p_cost, now, now + p_lease)
    WHERE c.key = p_key;
    EXIT;
  END LOOP;
  -- Nobody else lands a result of this key from here on.
  SELECT p.until INTO pause FROM analyser_pauses p WHERE p.analyser = p_analyser AND p.until > now;
  IF NOT p_force AND EXISTS (SELECT FROM analyses a WHERE a.key = p_key AND a.expires_at > now) THEN
    state := 'kept';
  ELSIF pause IS NOT NULL THEN
    state := 'paused';
    at := pause;
  ELSE
    IF p_budget IS NULL OR p_cost <= p_budget THEN
      INSERT INTO analysis_spending AS s (day, analyser, currency, calls, failures, spent_micros)
      VALUES (today, p_analyser, p_currency, 1, 0, p_cost)
      ON CONFLICT (day, analyser, currency) DO UPDATE
      SET calls = s.calls + 1, spent_micros = s.spent_micros + excluded.spent_micros
      WHERE p_budget IS NULL OR s.spent_micros + excluded.spent_micros <= p_budget;
      IF FOUND THEN
        RETURN QUERY SELECT 'mine', NULL::text, now + p_lease, now;
        RETURN;
      END IF;
    END IF;
    state := 'spent';
    at := (today + 1)::timestamp AT TIME ZONE 'UTC';
  END IF;
  DELETE FROM analysis_claims c WHERE c.key = p_key;
  RETURN NEXT;
END $$;
--> statement-breakpoint
-- Keeps a result, if its claim is still the caller's: not taken over, not cleared, not forgotten meanwhile. True where it is kept.
CREATE FUNCTION "land_analysis"(
  "p_key" text, "p_token" uuid, "p_hash" text, "p_kind" text, "p_version" text, "p_language" text, "p_tone" text,
  "p_parameters" json, "p_result" json, "p_salt" bytea, "p_sealed" bytea, "p_ttl" interval
) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  claim analysis_claims;
  landed timestamptz;
BEGIN
  DELETE FROM analysis_claims c WHERE c.key = p_key AND c.token = p_token AND c.state = 'running' RETURNING * INTO claim;
  IF NOT FOUND THEN
    RETURN EXISTS (SELECT FROM analyses a WHERE a.key = p_key AND a.token = p_token);
  END IF;
  IF claim.subject_hash IS NOT NULL AND EXISTS (
    SELECT FROM forgotten_subjects f WHERE f.subject_hash = claim.subject_hash AND f.forgotten_at >= claim.claimed_at
  ) THEN
    RETURN false;
  END IF;
  landed := clock_timestamp();
  INSERT INTO analyses (key, hash, kind, analyser, version, language, tone, parameters, result, subject_hash, salt, sealed,
    cost_micros, currency, token, analysed_at, expires_at)
  VALUES (p_key, p_hash, p_kind, claim.analyser, p_version, p_language, p_tone, p_parameters, p_result, claim.subject_hash, p_salt, p_sealed,
    claim.cost_micros, claim.currency, p_token, landed, landed + p_ttl)
  ON CONFLICT (key) DO UPDATE SET (result, parameters, salt, sealed, cost_micros, currency, token, analysed_at, expires_at) =
    (excluded.result, excluded.parameters, excluded.salt, excluded.sealed, excluded.cost_micros, excluded.currency, excluded.token,
      excluded.analysed_at, excluded.expires_at);
  RETURN true;
END $$;
--> statement-breakpoint
-- Ends a claim without a result. `p_state`: failed or refused, for whom to know; null: nobody is to know, and the next one calls. `p_paid`: whether its
-- cost stays spent. `p_keep`: how long a refusal is remembered. `p_pause`: how long the analyser is left alone.
CREATE FUNCTION "end_analysis"(
  "p_key" text, "p_token" uuid, "p_state" text, "p_code" text, "p_paid" boolean, "p_keep" interval, "p_pause" interval
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  claim analysis_claims;
  now timestamptz := clock_timestamp();
BEGIN
  SELECT * INTO claim FROM analysis_claims c WHERE c.key = p_key AND c.token = p_token AND c.state = 'running' FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF p_state IS NULL THEN
    DELETE FROM analysis_claims c WHERE c.key = p_key;
  ELSE
    UPDATE analysis_claims c SET state = p_state, code = p_code, until = now + p_keep WHERE c.key = p_key;
  END IF;
  UPDATE analysis_spending s
  SET failures = s.failures + 1, spent_micros = s.spent_micros - CASE WHEN p_paid THEN 0 ELSE claim.cost_micros END
  WHERE (s.day, s.analyser, s.currency) = (claim.day, claim.analyser, claim.currency);
  IF p_pause IS NOT NULL THEN
    INSERT INTO analyser_pauses AS p (analyser, until) VALUES (claim.analyser, now + p_pause)
    ON CONFLICT (analyser) DO UPDATE SET until = greatest(p.until, excluded.until);
  END IF;
END $$;
