-- The ledger of calls to language models. A call is written down before it is sent, when the budget of its owner has
-- room for it, and its answer is kept in the statement that writes down what it took: it is never paid for again.

-- What an account uses follows its calls, whatever becomes of them: one that passed for lost may end after all.
CREATE OR REPLACE FUNCTION private.follow_ai_call() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_was_counted CONSTANT boolean := TG_OP = 'UPDATE' AND OLD.outcome <> 'open';
BEGIN
    IF NEW.outcome = 'open' THEN
        RETURN NULL;
    END IF;
    INSERT INTO private.ai_usage AS u (
        user_id, day, model, calls, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, cost
    ) VALUES (
        NEW.user_id, (NEW.started_at AT TIME ZONE 'UTC')::date, NEW.model,
        CASE WHEN v_was_counted THEN 0 ELSE 1 END,
        NEW.prompt_tokens - CASE WHEN v_was_counted THEN OLD.prompt_tokens ELSE 0 END,
        NEW.cached_tokens - CASE WHEN v_was_counted THEN OLD.cached_tokens ELSE 0 END,
        NEW.completion_tokens - CASE WHEN v_was_counted THEN OLD.completion_tokens ELSE 0 END,
        NEW.reasoning_tokens - CASE WHEN v_was_counted THEN OLD.reasoning_tokens ELSE 0 END,
        coalesce(NEW.cost, 0) - CASE WHEN v_was_counted THEN coalesce(OLD.cost, 0) ELSE 0 END
    ) ON CONFLICT (user_id, day, model) DO UPDATE SET
        calls = u.calls + excluded.calls,
        prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
        cached_tokens = u.cached_tokens + excluded.cached_tokens,
        completion_tokens = u.completion_tokens + excluded.completion_tokens,
        reasoning_tokens = u.reasoning_tokens + excluded.reasoning_tokens,
        cost = u.cost + excluded.cost;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER follow_ai_call AFTER INSERT OR UPDATE ON private.ai_calls
    FOR EACH ROW EXECUTE FUNCTION private.follow_ai_call();

DROP FUNCTION IF EXISTS private.begin_ai_call(
    uuid, uuid, text, text, text, integer, integer, numeric, numeric, integer, bigint, numeric, interval, integer);
DROP FUNCTION IF EXISTS private.begin_ai_call(
    uuid, uuid, text, text, text, integer, integer, numeric, numeric, integer, integer, bigint, numeric, interval, integer);
-- Answers what was answered before, or writes down a call that may be sent now. `outcome`: answered, admitted, or what
-- there is no room for: open (calls at once), calls (in this minute), tokens (today), cost (this month); `wait_seconds`
-- then says how long.
-- With an answer that is not valid comes the turn that asks to mend it. Admissions of one owner follow each other, so
-- that no two processes admit the same rest of a budget.
CREATE FUNCTION private.begin_ai_call(
    p_owner uuid, p_run uuid, p_step text, p_kind text, p_model text, p_prompt_tokens integer, p_reserved_tokens integer,
    p_prompt_cost numeric, p_reserved_cost numeric, p_calls_at_once integer, p_calls_a_minute integer,
    p_tokens_a_day bigint, p_cost_a_month numeric, p_lease interval, p_most_turns integer,
    OUT outcome text, OUT call_id uuid, OUT attempt integer, OUT turn integer, OUT answer text, OUT is_valid boolean,
    OUT wait_seconds double precision
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now timestamptz;
    v_today date;
    v_found timestamptz;
    v_words integer := 0;  -- tokens of what the first turn answered, which the second reads again
    v_words_cost numeric;
BEGIN
    -- Nobody waits for the disk here: should PostgreSQL fall in this moment, the row comes with the end of the call.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('ai ' || p_owner, 0));
    v_now := clock_timestamp();
    v_today := (v_now AT TIME ZONE 'UTC')::date;
    SELECT a.turn, a.body, a.is_valid INTO turn, answer, is_valid FROM private.ai_answers a
     WHERE (a.run_id, a.step, a.user_id) = (p_run, p_step, p_owner) ORDER BY a.turn DESC LIMIT 1;
    IF is_valid OR turn >= p_most_turns THEN
        outcome := 'answered';
        RETURN;
    END IF;
    IF turn IS NOT NULL THEN
        -- Four bytes each, as the prompt's are estimated; the sentence that asks for better is short, and its reason is in it.
        v_words := (octet_length(answer) + 200) / 4;
    END IF;
    v_words_cost := p_prompt_cost * v_words / greatest(p_prompt_tokens, 1);
    turn := coalesce(turn, 0) + 1;
    -- Nobody waits any more for a call of this step that is open, nor for one that must have ended long ago.
    UPDATE private.ai_calls c SET outcome = 'lost', ended_at = v_now,
           message = 'the worker ended before the call did: what it took is not known'
     WHERE c.user_id = p_owner AND c.outcome = 'open'
       AND ((c.run_id, c.step) = (p_run, p_step) OR c.started_at < v_now - p_lease);
    IF p_calls_at_once > 0 AND p_calls_at_once <= (
            SELECT count(*) FROM private.ai_calls c WHERE c.user_id = p_owner AND c.outcome = 'open') THEN
        outcome := 'open';
        wait_seconds := 1;
        RETURN;
    END IF;
    IF p_calls_a_minute > 0 THEN
        SELECT c.started_at INTO v_found FROM private.ai_calls c
         WHERE c.user_id = p_owner AND c.started_at > v_now - interval '1 minute'
         ORDER BY c.started_at DESC OFFSET p_calls_a_minute - 1 LIMIT 1;
        IF FOUND THEN
            outcome := 'calls';
            wait_seconds := extract(epoch FROM v_found + interval '1 minute' - v_now);
            RETURN;
        END IF;
    END IF;
    IF p_tokens_a_day > 0 AND p_tokens_a_day < p_reserved_tokens + v_words + coalesce((
            SELECT sum(u.prompt_tokens + u.completion_tokens) FROM private.ai_usage u
             WHERE u.user_id = p_owner AND u.day = v_today), 0) + coalesce((
            SELECT sum(c.reserved_tokens) FROM private.ai_calls c WHERE c.user_id = p_owner AND c.outcome = 'open'), 0) THEN
        outcome := 'tokens';
        wait_seconds := extract(epoch FROM (v_today + 1)::timestamp AT TIME ZONE 'UTC' - v_now);
        RETURN;
    END IF;
    IF p_cost_a_month > 0 AND p_cost_a_month < p_reserved_cost + coalesce(v_words_cost, 0) + coalesce((
            SELECT sum(u.cost) FROM private.ai_usage u
             WHERE u.user_id = p_owner AND u.day >= date_trunc('month', v_today)::date), 0) + coalesce((
            SELECT sum(c.reserved_cost) FROM private.ai_calls c WHERE c.user_id = p_owner AND c.outcome = 'open'), 0) THEN
        outcome := 'cost';
        wait_seconds := extract(epoch FROM (date_trunc('month', v_today) + interval '1 month') - (v_now AT TIME ZONE 'UTC'));
        RETURN;
    END IF;
    outcome := 'admitted';
    SELECT coalesce(max(c.attempt), 0) + 1 INTO attempt FROM private.ai_calls c WHERE (c.run_id, c.step) = (p_run, p_step);
    -- Should nothing be heard of it any more, then it has read its prompt at least.
    INSERT INTO private.ai_calls (
        user_id, run_id, step, kind, attempt, turn, model, prompt_tokens, cost, reserved_tokens, reserved_cost
    ) VALUES (
        p_owner, p_run, p_step, p_kind, attempt, turn, p_model, p_prompt_tokens + v_words, p_prompt_cost + v_words_cost,
        p_reserved_tokens + v_words, p_reserved_cost + coalesce(v_words_cost, 0)
    ) RETURNING id INTO call_id;
END
$$;

DROP FUNCTION IF EXISTS private.finish_ai_call(
    uuid, text, text, text, integer, text, integer, integer, integer, integer, boolean, numeric, integer, integer, text,
    boolean, text);
DROP FUNCTION IF EXISTS private.finish_ai_call(
    uuid, uuid, uuid, text, text, integer, text, text, text, text, integer, text, integer, integer, integer, integer,
    boolean, numeric, integer, integer, text, boolean, text);
-- Writes down how a call ended, and its answer; gives the answer that stands. When two attempts were answered, which only
-- happens when Temporal could not hear of the first, both are in the ledger and the first answer stands.
CREATE FUNCTION private.finish_ai_call(
    p_call uuid, p_owner uuid, p_run uuid, p_step text, p_kind text, p_turn integer, p_model text, p_outcome text, p_code text, p_message text, p_status integer, p_request_id text,
    p_prompt_tokens integer, p_cached_tokens integer, p_completion_tokens integer, p_reasoning_tokens integer,
    p_is_estimated boolean, p_cost numeric, p_first_text_ms integer, p_latency_ms integer, p_answer text,
    p_is_valid boolean, p_last_text text
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_call private.ai_calls;
    v_answer text;
BEGIN
    IF NOT EXISTS (SELECT FROM private.ai_calls c WHERE c.id = p_call) THEN
        -- PostgreSQL fell before it was on disk. Where the account is gone, there is nobody to keep anything for.
        INSERT INTO private.ai_calls (
            id, user_id, run_id, step, kind, attempt, turn, model, reserved_tokens, reserved_cost, started_at
        ) SELECT p_call, u.id, p_run, p_step, p_kind, 1 + coalesce((
                SELECT max(c.attempt) FROM private.ai_calls c WHERE (c.run_id, c.step) = (p_run, p_step)), 0),
            p_turn, p_model, 0, 0, clock_timestamp() - make_interval(secs => p_latency_ms / 1000.0)
          FROM auth.users u WHERE u.id = p_owner
        ON CONFLICT DO NOTHING;
    END IF;
    UPDATE private.ai_calls c SET
           outcome = p_outcome, code = p_code, message = p_message, status = p_status, request_id = p_request_id,
           prompt_tokens = p_prompt_tokens, cached_tokens = p_cached_tokens, completion_tokens = p_completion_tokens,
           reasoning_tokens = p_reasoning_tokens, is_estimated = p_is_estimated, cost = p_cost,
           first_text_ms = p_first_text_ms, latency_ms = p_latency_ms, ended_at = clock_timestamp()
     WHERE c.id = p_call AND c.outcome IN ('open', 'lost') RETURNING c.* INTO v_call;
    IF NOT FOUND THEN
        -- It was written down before, and only the answer to that was lost; or the account is gone.
        SELECT c.* INTO v_call FROM private.ai_calls c WHERE c.id = p_call;
    ELSE
        IF p_answer IS NOT NULL THEN
            INSERT INTO private.ai_answers (run_id, step, turn, user_id, body, is_valid)
            VALUES (v_call.run_id, v_call.step, v_call.turn, v_call.user_id, p_answer, p_is_valid)
            ON CONFLICT DO NOTHING;
        END IF;
        IF p_last_text IS NOT NULL THEN
            PERFORM private.keep_ai_delta(p_call, p_last_text, p_outcome);
        END IF;
    END IF;
    SELECT a.body INTO v_answer FROM private.ai_answers a
     WHERE (a.run_id, a.step, a.turn, a.user_id) = (v_call.run_id, v_call.step, v_call.turn, v_call.user_id);
    RETURN coalesce(v_answer, p_answer);
END
$$;

-- Keeps a piece of an answer while it is written, and tells those who listen on `ai_deltas` which run it is of.
-- Pieces of one run are written one after the other, so that a reader who has seen one has seen all before it.
CREATE OR REPLACE FUNCTION private.keep_ai_delta(p_call uuid, p_text text, p_outcome text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_call private.ai_calls;
BEGIN
    SELECT c.* INTO v_call FROM private.ai_calls c WHERE c.id = p_call;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('ai deltas ' || v_call.run_id, 0));
    INSERT INTO private.ai_deltas (user_id, run_id, step, attempt, text, outcome)
    VALUES (v_call.user_id, v_call.run_id, v_call.step, v_call.attempt, p_text, p_outcome);
    PERFORM pg_notify('ai_deltas', v_call.run_id::text);
END
$$;

-- The pieces of one run of the caller's, behind one that was seen.
CREATE OR REPLACE FUNCTION private.own_ai_deltas(p_run uuid, p_after bigint, p_limit integer)
RETURNS TABLE (id bigint, step text, attempt integer, text text, outcome text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.id, d.step, d.attempt, d.text, d.outcome FROM private.ai_deltas d
     WHERE d.run_id = p_run AND d.user_id = auth.uid() AND d.id > p_after ORDER BY d.id LIMIT p_limit;
$$;

-- What the caller used, by day and model, the newest day first; with what the budgets of today and this month have left.
CREATE OR REPLACE FUNCTION private.own_ai_usage(p_from date, p_to date)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH mine AS (SELECT u.* FROM private.ai_usage u WHERE u.user_id = auth.uid()),
    today AS (SELECT (now() AT TIME ZONE 'UTC')::date AS day)
    SELECT json_build_object(
        'items', (
            SELECT coalesce(json_agg(json_build_object(
                'day', m.day, 'model', m.model, 'calls', m.calls, 'prompt_tokens', m.prompt_tokens,
                'cached_tokens', m.cached_tokens, 'completion_tokens', m.completion_tokens,
                'reasoning_tokens', m.reasoning_tokens, 'cost', m.cost) ORDER BY m.day DESC, m.model), '[]')
              FROM mine m WHERE m.day BETWEEN p_from AND p_to),
        'tokens_today', (
            SELECT coalesce(sum(m.prompt_tokens + m.completion_tokens), 0) FROM mine m, today t WHERE m.day = t.day),
        'cost_this_month', (
            SELECT coalesce(sum(m.cost), 0) FROM mine m, today t WHERE m.day >= date_trunc('month', t.day)::date))::text;
$$;

-- The caller's calls, newest first; of one run, if one is named.
CREATE OR REPLACE FUNCTION private.own_ai_calls(p_run uuid, p_after uuid, p_limit integer)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH page AS (
        SELECT c.id, c.run_id, c.step, c.kind, c.attempt, c.turn, c.model, c.outcome, c.code, c.message, c.status,
               c.request_id, c.prompt_tokens, c.cached_tokens, c.completion_tokens, c.reasoning_tokens, c.is_estimated,
               c.cost, c.first_text_ms, c.latency_ms, c.started_at, c.ended_at
          FROM private.ai_calls c
         WHERE c.user_id = auth.uid() AND (p_run IS NULL OR c.run_id = p_run) AND (p_after IS NULL OR c.id < p_after)
         ORDER BY c.id DESC LIMIT p_limit + 1
    ), kept AS (SELECT * FROM page ORDER BY id DESC LIMIT p_limit)
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(k ORDER BY k.id DESC) FROM kept k), '[]'),
        'next', (SELECT k.id FROM kept k WHERE (SELECT count(*) FROM page) > p_limit ORDER BY k.id LIMIT 1))::text;
$$;

-- Removes a page of what nobody needs any more; how much that was at most of one kind. Usage by day and model stays.
CREATE OR REPLACE FUNCTION private.trim_ai(p_limit integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_removed integer;
    v_most integer := 0;
BEGIN
    DELETE FROM private.ai_deltas d WHERE d.id IN (
        SELECT o.id FROM private.ai_deltas o WHERE o.created_at < now() - interval '1 day'
         ORDER BY o.created_at LIMIT p_limit);
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    v_most := greatest(v_most, v_removed);
    DELETE FROM private.ai_answers a WHERE (a.run_id, a.step, a.turn) IN (
        SELECT o.run_id, o.step, o.turn FROM private.ai_answers o WHERE o.created_at < now() - interval '30 days'
         ORDER BY o.created_at LIMIT p_limit);
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    v_most := greatest(v_most, v_removed);
    DELETE FROM private.ai_calls c WHERE c.id IN (
        SELECT o.id FROM private.ai_calls o WHERE o.started_at < now() - interval '400 days'
         ORDER BY o.started_at LIMIT p_limit);
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    RETURN greatest(v_most, v_removed);
END
$$;

CALL private.give_to_platform(ARRAY[
    'follow_ai_call', 'begin_ai_call', 'finish_ai_call', 'keep_ai_delta', 'own_ai_deltas', 'own_ai_usage',
    'own_ai_calls', 'trim_ai'
]);
GRANT EXECUTE ON FUNCTION
    private.begin_ai_call(
        uuid, uuid, text, text, text, integer, integer, numeric, numeric, integer, integer, bigint, numeric, interval,
        integer),
    private.finish_ai_call(
        uuid, uuid, uuid, text, text, integer, text, text, text, text, integer, text, integer, integer, integer, integer,
        boolean, numeric, integer, integer, text, boolean, text),
    private.keep_ai_delta(uuid, text, text), private.trim_ai(integer)
TO zworker;
GRANT EXECUTE ON FUNCTION
    private.own_ai_deltas(uuid, bigint, integer), private.own_ai_usage(date, date),
    private.own_ai_calls(uuid, uuid, integer)
TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.ai_calls, private.ai_answers, private.ai_usage, private.ai_deltas TO zplatform;
