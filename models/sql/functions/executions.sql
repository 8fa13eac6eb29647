-- Rows of workflow_executions: the platform alone writes them, and every write here may be repeated safely.
-- Order of locks everywhere below: the definition first, then the execution; so two of them never wait for each other.

DROP FUNCTION IF EXISTS private.begin_execution(uuid, jsonb, text, text);
DROP FUNCTION IF EXISTS private.begin_run(uuid, uuid, text, jsonb, text, text, integer, integer, interval);
DROP FUNCTION IF EXISTS private.accept_execution(uuid, uuid, uuid, jsonb, text, text, integer, integer, interval);
DROP FUNCTION IF EXISTS private.accept_execution(uuid, uuid, uuid, text, jsonb, text, text, integer, integer, interval);
DROP FUNCTION IF EXISTS private.open_executions(interval, uuid, integer);
DROP FUNCTION IF EXISTS private.finish_execution(uuid, text, jsonb, jsonb, text, jsonb);

-- Inserts the pending row of one run of an owner's active definition, or finds the run that the same key began before.
-- Whatever starts runs comes here: a caller, a webhook, a schedule, an event. What came of it is said in `outcome`:
--   created, queued (the limit of its definition is reached: it begins when another ends), known (the key's first run);
--   missing, version_missing, inactive, key_reused, full (the limit, and the definition says reject), skipped (likewise),
--   unchecked: the caller must look at `document` first, and call again with its version as p_checked; 0 goes unchecked.
-- p_start_within is how long the caller has to start it before the workers do (functions/execution_starts.sql).
CREATE FUNCTION private.begin_run(
    p_owner uuid, p_workflow_id uuid, p_trigger text, p_trigger_data jsonb, p_key text, p_fingerprint text,
    p_version integer, p_checked integer, p_start_within interval,
    OUT outcome text, OUT execution_id uuid, OUT version integer, OUT name text, OUT document text,
    OUT started_at timestamptz, OUT row_json text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_active boolean;
    v_current integer;
    v_limit integer;
    v_on_limit text;
    v_known private.idempotency_keys;
BEGIN
    -- NO KEY UPDATE: a definition's status says whether anything runs, so its runs begin and end one at a time. `config`
    -- may be large and is read only when it is asked for.
    SELECT w.is_active, w.version, w.name INTO v_active, v_current, name FROM public.workflows w
     WHERE w.id = p_workflow_id AND w.user_id = p_owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'missing';
        RETURN;
    END IF;
    version := coalesce(p_version, v_current);

    IF p_key IS NOT NULL THEN
        -- One key is one run whatever the definition: repeats that come at the same moment queue here.
        PERFORM pg_advisory_xact_lock(hashtextextended(p_owner::text || p_key, 0));
        SELECT * INTO v_known FROM private.idempotency_keys k WHERE k.user_id = p_owner AND k.key = p_key;
        IF FOUND THEN
            outcome := CASE WHEN v_known.fingerprint = p_fingerprint THEN 'known' ELSE 'key_reused' END;
            SELECT e.id, e.version, e.started_at, row_to_json(e)::text INTO execution_id, version, started_at, row_json
              FROM public.workflow_executions e WHERE e.id = v_known.execution_id;
            RETURN;
        END IF;
    END IF;

    IF NOT v_active THEN
        outcome := 'inactive';
        RETURN;
    END IF;
    IF p_checked IS DISTINCT FROM 0 AND p_checked IS DISTINCT FROM version THEN
        SELECT v.config::text INTO document FROM private.workflow_versions v
         WHERE v.workflow_id = p_workflow_id AND v.version = begin_run.version;
        outcome := CASE WHEN FOUND THEN 'unchecked' ELSE 'version_missing' END;
        RETURN;
    END IF;

    outcome := 'created';
    SELECT v.concurrency_limit, v.on_limit INTO v_limit, v_on_limit FROM private.workflow_versions v
     WHERE v.workflow_id = p_workflow_id AND v.version = v_current;
    IF v_limit IS NOT NULL AND private.active_runs(p_owner, p_workflow_id, v_limit) >= v_limit THEN
        outcome := CASE v_on_limit WHEN 'reject' THEN 'full' WHEN 'skip' THEN 'skipped' ELSE 'queued' END;
        IF outcome <> 'queued' THEN
            RETURN;
        END IF;
    END IF;

    INSERT INTO public.workflow_executions AS e
           (user_id, workflow_id, status, trigger_data, version, trigger, started_at)
    VALUES (p_owner, p_workflow_id, 'pending', coalesce(p_trigger_data, 'null'), version, p_trigger, now())
    RETURNING e.id, e.started_at, row_to_json(e)::text INTO execution_id, started_at, row_json;
    IF p_key IS NOT NULL THEN
        INSERT INTO private.idempotency_keys (user_id, key, fingerprint, execution_id)
        VALUES (p_owner, p_key, p_fingerprint, execution_id);
    END IF;
    IF outcome = 'queued' THEN
        INSERT INTO private.queued_executions (execution_id, workflow_id) VALUES (execution_id, p_workflow_id);
    ELSE
        INSERT INTO private.execution_starts (execution_id, due_at) VALUES (execution_id, now() + p_start_within);
    END IF;
    UPDATE public.workflows w SET status = 'running', last_run_at = now() WHERE w.id = p_workflow_id;
END
$$;

-- The same for a caller of the API, in one statement that PostgreSQL commits by itself: a lock on the definition is then
-- held for no turn of the API's event loop, which is what many callers of one definition would wait for.
CREATE FUNCTION private.accept_execution(
    p_owner uuid, p_session uuid, p_workflow_id uuid, p_trigger text, p_trigger_data jsonb, p_key text, p_fingerprint text,
    p_version integer, p_checked integer, p_start_within interval,
    OUT outcome text, OUT execution_id uuid, OUT version integer, OUT name text, OUT document text,
    OUT started_at timestamptz, OUT row_json text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT auth.session_ok(p_session) THEN
        RAISE EXCEPTION 'Session from session_id claim in JWT does not exist' USING ERRCODE = 'ZS403';
    END IF;
    SELECT r.* INTO outcome, execution_id, version, name, document, started_at, row_json
      FROM private.begin_run(
        p_owner, p_workflow_id, p_trigger, p_trigger_data, p_key, p_fingerprint, p_version, p_checked, p_start_within
      ) AS r;
END
$$;

-- The interpreter has come to its first effect or wait.
CREATE OR REPLACE FUNCTION private.mark_running(p_execution_id uuid)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.workflow_executions SET status = 'running', phase = 'running'
     WHERE id = p_execution_id AND status = 'pending';
$$;

-- What an open run does: it runs, waits or is suspended.
CREATE OR REPLACE FUNCTION private.show_phase(p_execution_id uuid, p_phase text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.workflow_executions SET status = 'running', phase = p_phase
     WHERE id = p_execution_id AND status IN ('pending', 'running');
$$;

-- Writes the end of a run; the first end wins. Answers how many runs that queued behind it may now be started.
CREATE FUNCTION private.finish_execution(
    p_execution_id uuid, p_status text, p_result jsonb, p_error jsonb, p_error_message text, p_tasks jsonb
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_definition uuid;
    v_owner uuid;
    v_released integer;
BEGIN
    SELECT w.id, w.user_id INTO v_definition, v_owner
      FROM public.workflow_executions e JOIN public.workflows w ON w.id = e.workflow_id
     WHERE e.id = p_execution_id FOR NO KEY UPDATE OF w;

    UPDATE public.workflow_executions e
       SET status = p_status, phase = NULL, result_data = p_result, error = p_error, error_message = p_error_message,
           tasks = coalesce(p_tasks, '[]'::jsonb), completed_at = clock_timestamp(),
           duration_ms = greatest(0, round(extract(epoch FROM clock_timestamp() - e.started_at) * 1000))
     WHERE e.id = p_execution_id AND e.status IN ('pending', 'running');
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    v_released := private.release_queued(v_definition);

    UPDATE public.workflows w SET status = p_status
     WHERE w.id = v_definition
       AND NOT EXISTS (SELECT FROM public.workflow_executions o
                        WHERE o.user_id = v_owner AND o.workflow_id = v_definition
                          AND o.status IN ('pending', 'running'));
    RETURN v_released;
END
$$;

-- Runs without an end that began longer ago than p_older_than and wait for no other's end, with all that a start needs, in pages by id.
CREATE FUNCTION private.open_executions(p_older_than interval, p_after uuid, p_limit integer)
RETURNS TABLE (
    execution_id uuid, owner_id uuid, definition_id uuid, version integer, name text, document text,
    trigger_data text, status text, started_at timestamptz, retry_of uuid, has_parent boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.id, e.user_id, e.workflow_id, e.version, w.name, v.config::text,
           -- The service may insert a row without a start; it must not hold up all others.
           e.trigger_data::text, e.status, coalesce(e.started_at, e.created_at), private.reused_execution(e.id),
           e.parent_execution_id IS NOT NULL
      FROM public.workflow_executions e JOIN public.workflows w ON w.id = e.workflow_id
      LEFT JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (e.workflow_id, e.version)
     WHERE e.status IN ('pending', 'running') AND e.created_at < now() - p_older_than
       AND NOT EXISTS (SELECT FROM private.queued_executions q WHERE q.execution_id = e.id)
       -- What an execution has begun is its own to start and to wait for, as long as it runs itself.
       AND NOT EXISTS (SELECT FROM public.workflow_executions p
                        WHERE p.id = e.parent_execution_id AND p.status IN ('pending', 'running'))
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

-- How many runs of an owner have no end yet; counts to p_most and no further.
CREATE OR REPLACE FUNCTION private.open_runs(p_owner uuid, p_most integer)
RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FROM (
        SELECT FROM public.workflow_executions e
         WHERE e.user_id = p_owner AND e.status IN ('pending', 'running') LIMIT p_most
    ) AS counted;
$$;

-- Owners and rights. Who may begin a run of whose definition is the platform's to know: nobody acting as a caller may.
ALTER FUNCTION private.begin_run(uuid, uuid, text, jsonb, text, text, integer, integer, interval) OWNER TO zplatform;
ALTER FUNCTION private.accept_execution(uuid, uuid, uuid, text, jsonb, text, text, integer, integer, interval) OWNER TO zplatform;
ALTER FUNCTION private.mark_running(uuid) OWNER TO zplatform;
ALTER FUNCTION private.show_phase(uuid, text) OWNER TO zplatform;
ALTER FUNCTION private.finish_execution(uuid, text, jsonb, jsonb, text, jsonb) OWNER TO zplatform;
ALTER FUNCTION private.open_executions(interval, uuid, integer) OWNER TO zplatform;
ALTER FUNCTION private.execution_document(uuid) OWNER TO zplatform;
ALTER FUNCTION private.open_runs(uuid, integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.begin_run(uuid, uuid, text, jsonb, text, text, integer, integer, interval),
    private.accept_execution(uuid, uuid, uuid, text, jsonb, text, text, integer, integer, interval),
    private.mark_running(uuid), private.show_phase(uuid, text),
    private.finish_execution(uuid, text, jsonb, jsonb, text, jsonb),
    private.open_executions(interval, uuid, integer), private.execution_document(uuid), private.open_runs(uuid, integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    private.accept_execution(uuid, uuid, uuid, text, jsonb, text, text, integer, integer, interval),
    private.open_runs(uuid, integer)
TO zapi;
GRANT EXECUTE ON FUNCTION
    private.begin_run(uuid, uuid, text, jsonb, text, text, integer, integer, interval),
    private.mark_running(uuid), private.show_phase(uuid, text),
    private.finish_execution(uuid, text, jsonb, jsonb, text, jsonb),
    private.open_executions(interval, uuid, integer), private.execution_document(uuid), private.open_runs(uuid, integer)
TO zworker;
GRANT USAGE ON SCHEMA private TO zapi, authenticated, zworker, zplatform;
GRANT USAGE ON SCHEMA public TO zplatform;
GRANT SELECT, INSERT, UPDATE ON public.workflows, public.workflow_executions TO zplatform;
GRANT SELECT, INSERT, DELETE ON private.idempotency_keys TO zplatform;
