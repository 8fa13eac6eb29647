-- Rows of workflow_executions: the platform alone writes them, and every write here may be repeated safely.
-- Order of locks everywhere below: the definition first, then the execution; so two of them never wait for each other.

DROP FUNCTION IF EXISTS private.begin_execution(uuid, jsonb, text, text);
DROP FUNCTION IF EXISTS private.open_executions(interval, uuid, integer);

-- Inserts the pending row of one run of the caller's own active definition, or finds the run that the same
-- idempotency key began before. No row: no such definition (or somebody else's). execution_id null: switched off.
CREATE FUNCTION private.begin_execution(
    p_workflow_id uuid, p_trigger_data jsonb, p_idempotency_key text, p_fingerprint text,
    OUT execution_id uuid, OUT created boolean, OUT document text, OUT version integer,
    OUT fingerprint_matches boolean, OUT name text, OUT started_at timestamptz, OUT row_json text
) RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_caller uuid := auth.uid();
    v_definition public.workflows;
    v_known private.idempotency_keys;
BEGIN
    -- NO KEY UPDATE: a definition's status says whether anything runs, so its runs begin and end one at a time.
    SELECT * INTO v_definition FROM public.workflows w
     WHERE w.id = p_workflow_id AND w.user_id = v_caller FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    document := v_definition.config::text;
    version := v_definition.version;
    name := v_definition.name;
    created := false;
    fingerprint_matches := true;

    IF p_idempotency_key IS NOT NULL THEN
        -- One key is one run whatever the definition: repeats that come at the same moment queue here.
        PERFORM pg_advisory_xact_lock(hashtextextended(v_caller::text || p_idempotency_key, 0));
        SELECT * INTO v_known FROM private.idempotency_keys k
         WHERE k.user_id = v_caller AND k.key = p_idempotency_key;
        IF FOUND THEN
            fingerprint_matches := v_known.fingerprint = p_fingerprint;
            SELECT e.id, e.started_at, row_to_json(e)::text INTO execution_id, started_at, row_json
              FROM public.workflow_executions e WHERE e.id = v_known.execution_id;
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;

    IF v_definition.is_active THEN
        INSERT INTO public.workflow_executions AS e
               (user_id, workflow_id, status, trigger_data, version, trigger, started_at)
        VALUES (v_caller, v_definition.id, 'pending', coalesce(p_trigger_data, 'null'), v_definition.version, 'manual', now())
        RETURNING e.id, e.started_at, row_to_json(e)::text INTO execution_id, started_at, row_json;
        created := true;
        IF p_idempotency_key IS NOT NULL THEN
            INSERT INTO private.idempotency_keys (user_id, key, fingerprint, execution_id)
            VALUES (v_caller, p_idempotency_key, p_fingerprint, execution_id);
        END IF;
        UPDATE public.workflows w SET status = 'running', last_run_at = now() WHERE w.id = v_definition.id;
    END IF;
    RETURN NEXT;
END
$$;

-- The interpreter has come to its first effect or wait.
CREATE OR REPLACE FUNCTION private.mark_running(p_execution_id uuid)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.workflow_executions SET status = 'running' WHERE id = p_execution_id AND status = 'pending';
$$;

-- Writes the end of a run; the first end wins. True when this call was the one.
CREATE OR REPLACE FUNCTION private.finish_execution(
    p_execution_id uuid, p_status text, p_result jsonb, p_error jsonb, p_error_message text, p_tasks jsonb
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_definition uuid;
BEGIN
    SELECT w.id INTO v_definition FROM public.workflow_executions e JOIN public.workflows w ON w.id = e.workflow_id
     WHERE e.id = p_execution_id FOR NO KEY UPDATE OF w;

    UPDATE public.workflow_executions e
       SET status = p_status, result_data = p_result, error = p_error, error_message = p_error_message,
           tasks = coalesce(p_tasks, '[]'::jsonb), completed_at = clock_timestamp(),
           duration_ms = greatest(0, round(extract(epoch FROM clock_timestamp() - e.started_at) * 1000))
     WHERE e.id = p_execution_id AND e.status IN ('pending', 'running');
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    UPDATE public.workflows w SET status = p_status
     WHERE w.id = v_definition
       AND NOT EXISTS (SELECT FROM public.workflow_executions o
                        WHERE o.workflow_id = v_definition AND o.status IN ('pending', 'running'));
    RETURN true;
END
$$;

-- Runs without an end that began longer ago than p_older_than, with all that a start needs, in pages by id.
CREATE FUNCTION private.open_executions(p_older_than interval, p_after uuid, p_limit integer)
RETURNS TABLE (
    execution_id uuid, owner_id uuid, definition_id uuid, version integer, name text, document text,
    trigger_data text, status text, started_at timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.id, e.user_id, e.workflow_id, e.version, w.name, v.config::text,
           -- The service may insert a row without a start; it must not hold up all others.
           e.trigger_data::text, e.status, coalesce(e.started_at, e.created_at)
      FROM public.workflow_executions e JOIN public.workflows w ON w.id = e.workflow_id
      LEFT JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (e.workflow_id, e.version)
     WHERE e.status IN ('pending', 'running') AND e.created_at < now() - p_older_than
       AND (p_after IS NULL OR e.id > p_after)
     ORDER BY e.id LIMIT p_limit;
$$;

-- The document and the input of one run, when they are too large to travel with its start.
CREATE OR REPLACE FUNCTION private.execution_document(p_execution_id uuid, OUT document text, OUT trigger_data text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT v.config::text, e.trigger_data::text
      FROM public.workflow_executions e JOIN private.workflow_versions v
        ON (v.workflow_id, v.version) = (e.workflow_id, e.version)
     WHERE e.id = p_execution_id;
$$;

-- Owners and rights. A caller begins a run as himself; the rest is the worker's.
ALTER FUNCTION private.begin_execution(uuid, jsonb, text, text) OWNER TO zplatform;
ALTER FUNCTION private.mark_running(uuid) OWNER TO zplatform;
ALTER FUNCTION private.finish_execution(uuid, text, jsonb, jsonb, text, jsonb) OWNER TO zplatform;
ALTER FUNCTION private.open_executions(interval, uuid, integer) OWNER TO zplatform;
ALTER FUNCTION private.execution_document(uuid) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.begin_execution(uuid, jsonb, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.mark_running(uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.finish_execution(uuid, text, jsonb, jsonb, text, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.open_executions(interval, uuid, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.execution_document(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.begin_execution(uuid, jsonb, text, text) TO authenticated;
GRANT EXECUTE ON FUNCTION private.mark_running(uuid), private.finish_execution(uuid, text, jsonb, jsonb, text, jsonb),
    private.open_executions(interval, uuid, integer), private.execution_document(uuid) TO zworker;
GRANT USAGE ON SCHEMA private TO authenticated, zworker, zplatform;
GRANT USAGE ON SCHEMA public TO zplatform;
GRANT SELECT, INSERT, UPDATE ON public.workflows, public.workflow_executions TO zplatform;
GRANT SELECT, INSERT, DELETE ON private.idempotency_keys TO zplatform;
