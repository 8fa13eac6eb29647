-- Runs of `generate-tutorial`. Callers see and stop their own; everything else in a row is the platform's to write, and every
-- write of a worker names the attempt that it belongs to: what comes late from an earlier one changes nothing.

DROP FUNCTION IF EXISTS private.accept_tutorial_run(
    uuid, uuid, text, text, integer, text, jsonb, text, text, integer);
DROP FUNCTION IF EXISTS private.open_tutorial_runs(interval, uuid, integer);
DROP FUNCTION IF EXISTS private.lock_tutorial_run(uuid, integer);
DROP FUNCTION IF EXISTS private.complete_tutorial_run(uuid, uuid, text);
DROP FUNCTION IF EXISTS private.begin_tutorial_for(
    uuid, text, uuid, text, text, integer, text, jsonb, integer);

-- A run as it is answered.
CREATE OR REPLACE FUNCTION private.tutorial_run_json(p_run private.tutorial_runs)
RETURNS json LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_build_object(
        'id', p_run.id, 'topic', p_run.topic, 'level', p_run.level, 'steps', p_run.steps, 'model', p_run.model,
        'source', p_run.source, 'status', p_run.status, 'progress', p_run.progress, 'steps_done', p_run.steps_done,
        'error', p_run.error, 'tutorial_id', p_run.tutorial_id, 'attempt', p_run.attempt,
        'execution_id', p_run.execution_id, 'usage', (
            SELECT json_build_object('calls', count(*), 'prompt_tokens', coalesce(sum(c.prompt_tokens), 0),
                                     'completion_tokens', coalesce(sum(c.completion_tokens), 0))
              FROM private.ai_calls c WHERE c.run_id = p_run.id AND c.user_id = p_run.user_id),
        'created_at', p_run.created_at, 'updated_at', p_run.updated_at,
        'completed_at', p_run.completed_at);
$$;

-- Wakes whoever reads the run's stream, on the channel on which pieces of answers do (ai_calls.sql); what there is to read
-- is in rows.
CREATE OR REPLACE FUNCTION private.wake_tutorial_readers(p_run uuid)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_notify('ai_deltas', p_run::text);
$$;

-- How many runs of an owner have no end yet; counts to p_most and no further.
CREATE OR REPLACE FUNCTION private.open_tutorials(p_owner uuid, p_most integer)
RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FROM (
        SELECT FROM private.tutorial_runs r WHERE r.user_id = p_owner AND r.status IN ('pending', 'running') LIMIT p_most
    ) AS counted;
$$;

-- Inserts a run of a caller's, or finds the one that the same key began. In `outcome`: created, known, key_reused, many.
CREATE FUNCTION private.accept_tutorial_run(
    p_owner uuid, p_session uuid, p_topic text, p_level text, p_steps integer, p_model text, p_source jsonb,
    p_key text, p_fingerprint text, p_most_open integer, OUT outcome text, OUT run_id uuid, OUT attempt integer, OUT row_json text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_run private.tutorial_runs;
BEGIN
    IF NOT auth.session_ok(p_session) THEN
        RAISE EXCEPTION 'Session from session_id claim in JWT does not exist' USING ERRCODE = 'ZS403';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('tutorial_runs ' || p_owner, 0));
    outcome := 'created';
    IF p_key IS NOT NULL THEN
        SELECT * INTO v_run FROM private.tutorial_runs r WHERE r.user_id = p_owner AND r.idempotency_key = p_key;
        IF FOUND THEN
            outcome := CASE WHEN v_run.fingerprint = p_fingerprint THEN 'known' ELSE 'key_reused' END;
        END IF;
    END IF;
    IF outcome = 'created' THEN
        IF private.open_tutorials(p_owner, p_most_open) >= p_most_open THEN
            outcome := 'many';
            RETURN;
        END IF;
        INSERT INTO private.tutorial_runs (user_id, topic, level, steps, model, source, idempotency_key, fingerprint)
        VALUES (p_owner, p_topic, p_level, p_steps, p_model, p_source, p_key, p_fingerprint) RETURNING * INTO v_run;
    END IF;
    run_id := v_run.id;
    attempt := v_run.attempt;
    row_json := private.tutorial_run_json(v_run)::text;
END
$$;

CREATE OR REPLACE FUNCTION private.own_tutorial_run(p_run uuid)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT private.tutorial_run_json(r)::text FROM private.tutorial_runs r WHERE r.id = p_run AND r.user_id = auth.uid();
$$;

-- What a reader of the caller's run has not seen: the run, and the pieces of answers behind one of them. Both are as of one
-- moment, and the pieces of a run are there before its end is: who sees the end and no piece has seen all.
CREATE OR REPLACE FUNCTION private.tutorial_stream(p_run uuid, p_after bigint, p_limit integer, OUT run text, OUT deltas text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT private.own_tutorial_run(p_run),
           (SELECT coalesce(json_agg(d ORDER BY d.id), '[]')::text FROM private.own_ai_deltas(p_run, p_after, p_limit) d);
$$;

-- The caller's own runs, newest first.
CREATE OR REPLACE FUNCTION private.tutorial_runs_page(p_status text[], p_after uuid, p_limit integer)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH page AS (
        SELECT r FROM private.tutorial_runs r
         WHERE r.user_id = auth.uid() AND (p_after IS NULL OR r.id < p_after)
           AND (p_status IS NULL OR r.status = ANY (p_status))
         ORDER BY r.id DESC LIMIT p_limit + 1
    ), kept AS (SELECT r FROM page ORDER BY (r).id DESC LIMIT p_limit)
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(private.tutorial_run_json(r) ORDER BY (r).id DESC) FROM kept), '[]'),
        'next', (SELECT (r).id FROM kept WHERE (SELECT count(*) FROM page) > p_limit ORDER BY (r).id LIMIT 1))::text;
$$;

-- The caller wants a run to end. Null: there is no such run, or it has ended. What has not begun never does; for what runs
-- the caller tells Temporal, and the reconciler sees to it.
CREATE OR REPLACE FUNCTION private.cancel_tutorial_run(p_run uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_run private.tutorial_runs;
BEGIN
    UPDATE private.tutorial_runs r
       SET cancel_requested_at = coalesce(r.cancel_requested_at, now()),
           status = CASE r.status WHEN 'pending' THEN 'cancelled' ELSE r.status END,
           completed_at = CASE r.status WHEN 'pending' THEN now() END
     WHERE r.id = p_run AND r.user_id = auth.uid() AND r.status IN ('pending', 'running')
    RETURNING r.* INTO v_run;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF v_run.status = 'cancelled' THEN
        PERFORM private.wake_tutorial_readers(p_run);
    END IF;
    RETURN private.tutorial_run_json(v_run)::text;
END
$$;

-- The caller wants a failed or cancelled run to go on. In `outcome`: resumed, missing, not_ended, completed, of_execution, many,
-- often.
CREATE OR REPLACE FUNCTION private.resume_tutorial_run(
    p_run uuid, p_most_open integer, OUT outcome text, OUT attempt integer, OUT row_json text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_run private.tutorial_runs;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tutorial_runs ' || auth.uid(), 0));
    SELECT * INTO v_run FROM private.tutorial_runs r WHERE r.id = p_run AND r.user_id = auth.uid() FOR UPDATE;
    outcome := CASE
        WHEN NOT FOUND THEN 'missing'
        WHEN v_run.status IN ('pending', 'running') THEN 'not_ended'
        WHEN v_run.status = 'completed' THEN 'completed'
        WHEN v_run.idempotency_key IS NOT NULL AND v_run.fingerprint IS NULL THEN 'of_execution'
        WHEN v_run.attempt >= 20 THEN 'often'
        WHEN private.open_tutorials(auth.uid(), p_most_open) >= p_most_open THEN 'many'
        ELSE 'resumed' END;
    IF outcome <> 'resumed' THEN
        RETURN;
    END IF;
    UPDATE private.tutorial_runs r
       SET status = 'pending', attempt = r.attempt + 1, error = NULL, cancel_requested_at = NULL, completed_at = NULL
     WHERE r.id = p_run RETURNING r.* INTO v_run;
    attempt := v_run.attempt;
    row_json := private.tutorial_run_json(v_run)::text;
END
$$;

-- Whether an attempt may begin: then the row says `running`.
CREATE OR REPLACE FUNCTION private.enter_tutorial_run(p_run uuid, p_attempt integer)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE private.tutorial_runs r SET status = 'running'
     WHERE r.id = p_run AND r.attempt = p_attempt AND r.status IN ('pending', 'running');
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM private.wake_tutorial_readers(p_run);
    RETURN true;
END
$$;

-- How far it has come; never back.
CREATE OR REPLACE FUNCTION private.show_tutorial_progress(p_run uuid, p_attempt integer, p_progress integer, p_steps_done integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE private.tutorial_runs r
       SET progress = greatest(r.progress, p_progress), steps_done = greatest(r.steps_done, p_steps_done)
     WHERE r.id = p_run AND r.attempt = p_attempt AND r.status = 'running';
    IF FOUND THEN
        PERFORM private.wake_tutorial_readers(p_run);
    END IF;
END
$$;

-- The end of an attempt without a tutorial; the first end wins.
CREATE OR REPLACE FUNCTION private.end_tutorial_run(p_run uuid, p_attempt integer, p_status text, p_error jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE private.tutorial_runs r SET status = p_status, error = p_error, completed_at = now()
     WHERE r.id = p_run AND r.attempt = p_attempt AND r.status IN ('pending', 'running');
    IF FOUND THEN
        PERFORM private.wake_tutorial_readers(p_run);
    END IF;
END
$$;

-- Saves a tutorial as a draft of its owner's and completes its run: both or neither, and once; a repeat finds what was saved.
-- Only the values that are named here are taken from what the model wrote. Nobody but the platform says which model that
-- was; it comes with the row, so that those who listen to tutorials hear of one change. Null: the run was deleted, has
-- ended, or is in another attempt.
CREATE OR REPLACE FUNCTION private.save_tutorial(
    p_run uuid, p_attempt integer, p_owner uuid, p_values jsonb, p_content text, p_model text
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_run private.tutorial_runs;
    v_id uuid;
BEGIN
    SELECT * INTO v_run FROM private.tutorial_runs r
     WHERE r.id = p_run AND r.attempt = p_attempt AND r.user_id = p_owner FOR UPDATE;
    IF v_run.status IS NULL OR v_run.status NOT IN ('pending', 'running') THEN
        RETURN v_run.tutorial_id;
    END IF;
    IF v_run.execution_id IS NOT NULL THEN
        -- The log of changes says which execution made them.
        PERFORM set_config('zilliance.execution', v_run.execution_id::text, true);
    END IF;
    INSERT INTO public.tutorials (user_id, title, description, level, prerequisites, steps, summary, content, model)
    VALUES (v_run.user_id, p_values->>'title', p_values->>'description', p_values->>'level',
            ARRAY(SELECT jsonb_array_elements_text(p_values->'prerequisites')), p_values->'steps', p_values->>'summary',
            p_content, p_model)
    RETURNING id INTO v_id;
    UPDATE private.tutorial_runs r
       SET status = 'completed', progress = 100, steps_done = r.steps, tutorial_id = v_id, error = NULL,
           completed_at = now()
     WHERE r.id = p_run;
    PERFORM private.wake_tutorial_readers(p_run);
    RETURN v_id;
END
$$;

-- Runs without an end that began longer ago than p_older_than, in pages by id. One that an execution waits for is that
-- execution's to start, as long as it runs itself.
CREATE FUNCTION private.open_tutorial_runs(p_older_than interval, p_after uuid, p_limit integer)
RETURNS TABLE (
    run_id uuid, owner_id uuid, attempt integer, topic text, level text, steps integer, model text, source text,
    status text, is_cancelled boolean, is_of_execution boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.id, r.user_id, r.attempt, r.topic, r.level, r.steps, r.model, r.source::text, r.status,
           r.cancel_requested_at IS NOT NULL, r.idempotency_key IS NOT NULL AND r.fingerprint IS NULL
      FROM private.tutorial_runs r
     WHERE r.status IN ('pending', 'running') AND r.updated_at < now() - p_older_than
       AND NOT EXISTS (SELECT FROM public.workflow_executions e
                        WHERE e.id = r.execution_id AND e.status IN ('pending', 'running'))
       AND (p_after IS NULL OR r.id > p_after)
     ORDER BY r.id LIMIT p_limit;
$$;

-- The run that a task of an execution wants: begun once for the task's key. ZW429: too many are open.
CREATE FUNCTION private.begin_tutorial_for(
    p_execution uuid, p_key text, p_owner uuid, p_topic text, p_level text, p_steps integer, p_model text, p_source jsonb,
    p_most_open integer, OUT run_id uuid, OUT attempt integer
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_claim record;
BEGIN
    SELECT * INTO v_claim FROM private.effect_claim(p_execution, p_key);
    IF NOT v_claim.fresh THEN
        SELECT r.id, r.attempt INTO run_id, attempt FROM private.tutorial_runs r
         WHERE r.user_id = p_owner AND r.idempotency_key = private.tutorial_key(p_execution, p_key);
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('tutorial_runs ' || p_owner, 0));
    IF private.open_tutorials(p_owner, p_most_open) >= p_most_open THEN
        RAISE EXCEPTION 'an account may have % tutorials written at once: wait for one to end', p_most_open
            USING ERRCODE = 'ZW429';
    END IF;
    INSERT INTO private.tutorial_runs AS r
           (user_id, topic, level, steps, model, source, execution_id, idempotency_key)
    VALUES (p_owner, p_topic, p_level, p_steps, p_model, p_source, p_execution, private.tutorial_key(p_execution, p_key))
    RETURNING r.id, r.attempt INTO run_id, attempt;
    UPDATE private.effects f SET undo = jsonb_build_object('op', 'tutorial', 'run', begin_tutorial_for.run_id)
     WHERE (f.execution_id, f.key) = (p_execution, p_key);
END
$$;

-- A key of an effect may be long.
CREATE OR REPLACE FUNCTION private.tutorial_key(p_execution uuid, p_key text)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'execution:' || p_execution || ':' || encode(sha256(convert_to(p_key, 'UTF8')), 'hex');
$$;

-- How the run of a task has ended: `{status, error, result}`. Once it has completed the effect knows what it gave and how
-- it is undone, as that of any other row.
CREATE OR REPLACE FUNCTION private.tutorial_outcome(p_execution uuid, p_key text, p_run uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_run private.tutorial_runs;
    v_result jsonb;
BEGIN
    SELECT * INTO v_run FROM private.tutorial_runs r WHERE r.id = p_run;
    IF v_run.status = 'completed' THEN
        SELECT f.result INTO v_result FROM private.effects f WHERE (f.execution_id, f.key) = (p_execution, p_key);
        IF v_result IS NULL THEN
            SELECT jsonb_build_object(
                    'id', t.id, 'runId', v_run.id, 'title', t.title, 'description', t.description, 'level', t.level,
                    'status', t.status, 'model', t.model, 'summary', t.summary, 'steps', (
                        SELECT jsonb_agg(jsonb_build_object('title', s.value->'title', 'minutes', s.value->'minutes')
                                         ORDER BY s.ordinality)
                          FROM jsonb_array_elements(t.steps) WITH ORDINALITY AS s))
              INTO v_result FROM public.tutorials t WHERE t.id = v_run.tutorial_id;
            UPDATE private.effects f
               SET result = v_result, undo = (
                    SELECT jsonb_build_object('op', 'delete', 'table', 'tutorials', 'id', t.id, 'version', t.updated_at)
                      FROM public.tutorials t WHERE t.id = v_run.tutorial_id)
             WHERE (f.execution_id, f.key) = (p_execution, p_key) AND f.undone_at IS NULL;
        END IF;
    END IF;
    RETURN jsonb_build_object('status', coalesce(v_run.status, 'failed'), 'error', v_run.error, 'result', v_result)::text;
END
$$;

-- Undoes a run that was interrupted, and whose draft may be there all the same: it is as it was saved, or left as it is.
CREATE OR REPLACE FUNCTION private.undo_tutorial(p_undo jsonb)
RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_tutorial public.tutorials;
BEGIN
    SELECT t.* INTO v_tutorial FROM private.tutorial_runs r JOIN public.tutorials t ON t.id = r.tutorial_id
     WHERE r.id = (p_undo->>'run')::uuid FOR UPDATE OF t;
    IF FOUND THEN
        IF v_tutorial.updated_at <> v_tutorial.created_at THEN
            PERFORM private.undo_conflict(jsonb_build_object('table', 'tutorials', 'id', v_tutorial.id));
        END IF;
        DELETE FROM public.tutorials t WHERE t.id = v_tutorial.id;
    END IF;
    RETURN NULL;
END
$$;

CALL private.give_to_platform(ARRAY[
    'tutorial_run_json', 'tutorial_stream', 'wake_tutorial_readers', 'open_tutorials', 'accept_tutorial_run',
    'own_tutorial_run', 'tutorial_runs_page', 'cancel_tutorial_run', 'resume_tutorial_run', 'enter_tutorial_run',
    'show_tutorial_progress', 'end_tutorial_run', 'save_tutorial', 'open_tutorial_runs', 'begin_tutorial_for',
    'tutorial_key', 'tutorial_outcome', 'undo_tutorial'
]);
GRANT EXECUTE ON FUNCTION
    private.accept_tutorial_run(uuid, uuid, text, text, integer, text, jsonb, text, text, integer)
TO zapi;
GRANT EXECUTE ON FUNCTION
    private.own_tutorial_run(uuid), private.tutorial_stream(uuid, bigint, integer),
    private.tutorial_runs_page(text[], uuid, integer), private.cancel_tutorial_run(uuid),
    private.resume_tutorial_run(uuid, integer)
TO authenticated;
GRANT EXECUTE ON FUNCTION
    private.enter_tutorial_run(uuid, integer),
    private.show_tutorial_progress(uuid, integer, integer, integer), private.end_tutorial_run(uuid, integer, text, jsonb),
    private.save_tutorial(uuid, integer, uuid, jsonb, text, text),
    private.open_tutorial_runs(interval, uuid, integer),
    private.begin_tutorial_for(uuid, text, uuid, text, text, integer, text, jsonb, integer),
    private.tutorial_outcome(uuid, text, uuid)
TO zworker;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.tutorial_runs TO zplatform;
