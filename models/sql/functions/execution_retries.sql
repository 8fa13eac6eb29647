-- Retries: a new execution of the same input that takes over what the one before completed and did not undo.
-- The origin of an effect is written `{execution}:{key}`, which is also the Idempotency-Key of its call.

DROP FUNCTION IF EXISTS private.begin_retry(uuid, uuid, text, text, text, integer, text, text, integer, interval);
DROP FUNCTION IF EXISTS private.accept_retry(uuid, uuid, uuid, text, text, integer, text, text, integer, interval);

-- Begins one retry, as private.begin_run begins a run, and says in `outcome` also: execution_missing, execution_open,
-- nothing_failed, task_missing, retry_open (another retry of the same family has not ended: the two would undo each
-- other's effects), many_retries (whose logs all are looked through). p_version null is the origin's own version, 0 the definition's newest.
CREATE FUNCTION private.begin_retry(
    p_owner uuid, p_origin uuid, p_trigger text, p_point text, p_iteration text, p_version integer, p_key text,
    p_fingerprint text, p_checked integer, p_start_within interval,
    OUT outcome text, OUT execution_id uuid, OUT version integer, OUT name text, OUT document text,
    OUT started_at timestamptz, OUT row_json text, OUT workflow_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_origin record;
    v_root uuid;
BEGIN
    SELECT e.workflow_id INTO workflow_id FROM public.workflow_executions e WHERE e.id = p_origin AND e.user_id = p_owner;
    IF NOT FOUND THEN
        outcome := 'execution_missing';
        RETURN;
    END IF;
    -- The definition first, as everywhere: its retries begin one at a time, and its executions end before or after.
    PERFORM FROM public.workflows w WHERE w.id = begin_retry.workflow_id FOR NO KEY UPDATE;
    SELECT e.status, e.version, e.trigger_data INTO v_origin FROM public.workflow_executions e
     WHERE e.id = p_origin FOR KEY SHARE;
    IF NOT FOUND THEN
        outcome := 'execution_missing';
        RETURN;
    END IF;
    v_root := coalesce((SELECT r.root_id FROM private.execution_retries r WHERE r.execution_id = p_origin), p_origin);
    IF p_key IS NULL OR NOT EXISTS (
        SELECT FROM private.idempotency_keys k WHERE k.user_id = p_owner AND k.key = p_key
    ) THEN
        outcome := private.retry_refusal(p_origin, v_origin.status, v_root, p_point, p_iteration);
        IF outcome IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT r.* INTO outcome, execution_id, version, name, document, started_at, row_json
      FROM private.begin_run(
        p_owner, begin_retry.workflow_id, p_trigger, v_origin.trigger_data, p_key, p_fingerprint,
        CASE p_version WHEN 0 THEN NULL ELSE coalesce(p_version, v_origin.version) END, p_checked, p_start_within
      ) AS r;
    IF outcome IN ('created', 'queued') THEN
        INSERT INTO private.execution_retries (execution_id, origin_id, root_id, point, iteration)
        VALUES (execution_id, p_origin, v_root, p_point, p_iteration);
        UPDATE public.workflow_executions e SET retry_of = p_origin WHERE e.id = begin_retry.execution_id
        RETURNING row_to_json(e)::text INTO row_json;
    END IF;
END
$$;

-- Why an execution cannot be retried from a point; null when it can.
CREATE OR REPLACE FUNCTION private.retry_refusal(
    p_origin uuid, p_status text, p_root uuid, p_point text, p_iteration text
) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN p_status IN ('pending', 'running') THEN 'execution_open'
        WHEN p_point = 'failed' AND p_status = 'completed' THEN 'nothing_failed'
        WHEN p_point NOT IN ('failed', 'trigger') AND NOT EXISTS (
            SELECT FROM public.workflow_executions e, jsonb_array_elements(e.tasks) t
             WHERE e.id = p_origin AND t->>'reference' = p_point
               AND (p_iteration IS NULL OR coalesce(t->>'iteration', '') = p_iteration)) THEN 'task_missing'
        WHEN p_point <> 'trigger' AND EXISTS (
            SELECT FROM private.execution_retries r JOIN public.workflow_executions e ON e.id = r.execution_id
             WHERE r.root_id = p_root AND r.point <> 'trigger' AND e.status IN ('pending', 'running')) THEN 'retry_open'
        WHEN p_point <> 'trigger'
         AND 100 <= (SELECT count(*) FROM private.execution_retries r WHERE r.root_id = p_root) THEN 'many_retries'
    END;
$$;

-- The same for a caller of the API, in one statement that commits by itself.
CREATE FUNCTION private.accept_retry(
    p_owner uuid, p_session uuid, p_origin uuid, p_point text, p_iteration text, p_version integer, p_key text,
    p_fingerprint text, p_checked integer, p_start_within interval,
    OUT outcome text, OUT execution_id uuid, OUT version integer, OUT name text, OUT document text,
    OUT started_at timestamptz, OUT row_json text, OUT workflow_id uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT auth.session_ok(p_session) THEN
        RAISE EXCEPTION 'Session from session_id claim in JWT does not exist' USING ERRCODE = 'ZS403';
    END IF;
    SELECT r.* INTO outcome, execution_id, version, name, document, started_at, row_json, workflow_id
      FROM private.begin_retry(
        p_owner, p_origin, 'retry', p_point, p_iteration, p_version, p_key, p_fingerprint, p_checked, p_start_within
      ) AS r;
END
$$;

-- The execution whose outputs a run takes over; null for every other run.
CREATE OR REPLACE FUNCTION private.reused_execution(p_execution_id uuid)
RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.origin_id FROM private.execution_retries r WHERE r.execution_id = p_execution_id AND r.point <> 'trigger';
$$;

-- What the retry may take over: tasks that the origin completed before the retry's point and that nobody in the family of
-- its retries has undone, nor anything inside of them. Their effects become the retry's to undo, under `reused:` and the key in the origin; may be
-- repeated. {definition, tasks: [{key, origin, output, whole, child}]}; the definition only where the two have different versions.
CREATE OR REPLACE FUNCTION private.take_over(p_execution_id uuid)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_retry private.execution_retries;
    v_tasks jsonb;
    v_definition jsonb;
    v_point bigint;
    v_text text;
BEGIN
    SELECT * INTO v_retry FROM private.execution_retries r WHERE r.execution_id = p_execution_id;
    SELECT o.tasks, CASE WHEN o.version <> e.version THEN v.config END INTO v_tasks, v_definition
      FROM public.workflow_executions e JOIN public.workflow_executions o ON o.id = v_retry.origin_id
      LEFT JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (o.workflow_id, o.version)
     WHERE e.id = p_execution_id;
    IF v_retry.point <> 'failed' THEN
        SELECT min(t.place) INTO v_point FROM jsonb_array_elements(v_tasks) WITH ORDINALITY AS t (task, place)
         WHERE t.task->>'reference' = v_retry.point
           AND (v_retry.iteration IS NULL OR coalesce(t.task->>'iteration', '') = v_retry.iteration);
    END IF;

    WITH logged AS (
        SELECT k.key, k.reference, k.iteration, t.task->>'status' AS status, t.task->'output' AS output,
               coalesce(t.task->>'origin', v_retry.origin_id || ':' || k.key) AS origin,
               coalesce(t.place >= v_point, false) AS is_again
          FROM jsonb_array_elements(v_tasks) WITH ORDINALITY AS t (task, place),
               LATERAL (SELECT r.*, r.reference || '#' || r.iteration AS key
                          FROM (SELECT t.task->>'reference', coalesce(t.task->>'iteration', '')) AS r (reference, iteration)) AS k
    ), undone AS (
        SELECT t.task->>'origin' AS origin
          FROM private.execution_retries r JOIN public.workflow_executions e ON e.id = r.execution_id,
               LATERAL jsonb_array_elements(e.tasks) AS t (task)
         WHERE r.root_id = v_retry.root_id AND t.task->>'status' = 'compensated' AND t.task ? 'origin'
    ), known AS (
        SELECT l.*, x.undo IS NOT NULL AS undoable, left(l.origin, 36)::uuid AS origin_id,
               substr(l.origin, 38) AS origin_key, private.child_of(x) AS child, l.is_again OR l.status = 'compensated'
               OR x.undone_at IS NOT NULL OR l.origin IN (SELECT u.origin FROM undone u) AS is_lost
          FROM logged l
          LEFT JOIN private.effects x ON (x.execution_id, x.key) = (left(l.origin, 36)::uuid, substr(l.origin, 38))
    ), lost AS (
        -- Where it ran: the references of the calls around it, and its own.
        SELECT k.iteration || '.' AS iteration, '.' || k.iteration || '.' || k.reference AS place FROM known k WHERE k.is_lost
    ), kept AS (
        SELECT k.* FROM known k
         WHERE k.status IN ('completed', 'compensation_failed') AND NOT k.is_lost AND NOT EXISTS (
            SELECT FROM lost l
             WHERE strpos(l.place, '.' || k.reference || '/') > 0 AND strpos(l.place, '.' || k.reference || '/metadata/') = 0
               AND (k.iteration = '' OR starts_with(l.iteration, k.iteration || '.')))
    ), adopted AS (
        INSERT INTO private.effects (execution_id, key, adopted_id, adopted_key)
        SELECT p_execution_id, 'reused:' || k.key, k.origin_id, k.origin_key FROM kept k WHERE k.undoable
        ON CONFLICT DO NOTHING
    )
    SELECT json_build_object('definition', v_definition, 'tasks', coalesce(json_agg(json_build_object(
               'key', k.key, 'origin', k.origin, 'output', k.output, 'whole', NOT private.is_cut(k.output),
               'child', k.child)), '[]'))::text
      INTO v_text FROM kept k;
    RETURN v_text;
END
$$;

-- The sub-workflow that an effect has begun; null for every other effect.
CREATE OR REPLACE FUNCTION private.child_of(p_effect private.effects)
RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.id FROM public.workflow_executions c
     WHERE c.parent_execution_id = p_effect.execution_id AND c.id::text = p_effect.result->>'execution_id';
$$;

-- Whether a logged value only says how large it was.
CREATE OR REPLACE FUNCTION private.is_cut(p_value jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_typeof(p_value) = 'object' AND p_value @> '{"truncated": true}' AND p_value ? 'bytes';
$$;

-- What a table function answered in the run of this origin. No row: nobody knows.
CREATE OR REPLACE FUNCTION private.recorded_answer(p_execution_id uuid, p_origin text)
RETURNS TABLE (answer text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT x.result::text FROM private.effects x
      JOIN public.workflow_executions o ON o.id = x.execution_id
      JOIN public.workflow_executions e ON e.id = p_execution_id AND e.user_id = o.user_id
     WHERE x.execution_id = left(p_origin, 36)::uuid AND x.key = substr(p_origin, 38) AND x.result IS NOT NULL
       AND private.child_of(x) IS NULL;
$$;

ALTER FUNCTION private.begin_retry(uuid, uuid, text, text, text, integer, text, text, integer, interval) OWNER TO zplatform;
ALTER FUNCTION private.accept_retry(uuid, uuid, uuid, text, text, integer, text, text, integer, interval) OWNER TO zplatform;
ALTER FUNCTION private.retry_refusal(uuid, text, uuid, text, text) OWNER TO zplatform;
ALTER FUNCTION private.reused_execution(uuid) OWNER TO zplatform;
ALTER FUNCTION private.take_over(uuid) OWNER TO zplatform;
ALTER FUNCTION private.is_cut(jsonb) OWNER TO zplatform;
ALTER FUNCTION private.child_of(private.effects) OWNER TO zplatform;
ALTER FUNCTION private.recorded_answer(uuid, text) OWNER TO zplatform;
REVOKE ALL ON FUNCTION
    private.begin_retry(uuid, uuid, text, text, text, integer, text, text, integer, interval),
    private.accept_retry(uuid, uuid, uuid, text, text, integer, text, text, integer, interval),
    private.retry_refusal(uuid, text, uuid, text, text), private.reused_execution(uuid), private.take_over(uuid),
    private.is_cut(jsonb), private.recorded_answer(uuid, text), private.child_of(private.effects)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    private.accept_retry(uuid, uuid, uuid, text, text, integer, text, text, integer, interval)
TO zapi;
GRANT EXECUTE ON FUNCTION
    private.begin_retry(uuid, uuid, text, text, text, integer, text, text, integer, interval),
    private.take_over(uuid), private.recorded_answer(uuid, text)
TO zworker;
