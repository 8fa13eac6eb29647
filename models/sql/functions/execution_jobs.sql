-- Bulk jobs over executions: what is to be done with which of an owner's, how far it has come, and what came of it.

DROP FUNCTION IF EXISTS private.job_matches(uuid, jsonb, timestamptz, timestamptz, uuid, integer);
DROP FUNCTION IF EXISTS private.accept_job(uuid, uuid, text, jsonb, double precision, text, integer);
DROP FUNCTION IF EXISTS private.job_state(uuid);

-- The executions that a filter means, the oldest first, behind a place in that order. Only those accepted before the job:
-- what it begins itself is never among them.
CREATE FUNCTION private.job_matches(
    p_owner uuid, p_filter jsonb, p_before timestamptz, p_after_at timestamptz, p_after_id uuid, p_limit integer
) RETURNS TABLE (id uuid, status text, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.id, e.status, e.created_at FROM public.workflow_executions e
     WHERE e.user_id = p_owner AND e.created_at < p_before
       AND e.created_at >= coalesce((p_filter->>'from')::timestamptz, '-infinity')
       AND e.created_at < coalesce((p_filter->>'to')::timestamptz, 'infinity')
       AND (p_filter->>'workflow_id' IS NULL OR e.workflow_id = (p_filter->>'workflow_id')::uuid)
       AND (p_filter->>'trigger' IS NULL OR e.trigger = p_filter->>'trigger')
       AND (NOT p_filter ? 'status' OR p_filter->'status' ? e.status)
       AND (NOT p_filter ? 'ids' OR p_filter->'ids' ? e.id::text)
       AND e.created_at >= coalesce(p_after_at, '-infinity')
       AND (p_after_at IS NULL OR e.created_at > p_after_at OR e.id < p_after_id)
     ORDER BY e.created_at, e.id DESC LIMIT p_limit;
$$;

-- A job as it is answered.
CREATE OR REPLACE FUNCTION private.job_json(p_job private.execution_jobs)
RETURNS json LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_build_object(
        'id', p_job.id, 'action', p_job.action, 'filter', p_job.filter, 'from', p_job.point, 'version', p_job.version,
        'rate', p_job.rate, 'status', p_job.status, 'total', p_job.total, 'done', p_job.done, 'failed', p_job.failed,
        'skipped', p_job.skipped, 'errors', p_job.errors, 'created_at', p_job.created_at,
        'completed_at', p_job.completed_at);
$$;

-- Inserts a job of a caller's, and says in `outcome`: created, many_jobs, many_executions.
CREATE FUNCTION private.accept_job(
    p_owner uuid, p_session uuid, p_action text, p_filter jsonb, p_rate double precision, p_point text,
    p_version integer, OUT outcome text, OUT job_id uuid, OUT row_json text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_job private.execution_jobs;
    v_total integer;
BEGIN
    IF NOT auth.session_ok(p_session) THEN
        RAISE EXCEPTION 'Session from session_id claim in JWT does not exist' USING ERRCODE = 'ZS403';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('execution_jobs ' || p_owner, 0));
    IF 3 <= (SELECT count(*) FROM private.execution_jobs j
              WHERE j.user_id = p_owner AND j.status IN ('running', 'paused')) THEN
        outcome := 'many_jobs';
        RETURN;
    END IF;
    SELECT count(*) INTO v_total FROM private.job_matches(p_owner, p_filter, now(), NULL, NULL, 100001);
    IF v_total > 100000 THEN
        outcome := 'many_executions';
        RETURN;
    END IF;
    INSERT INTO private.execution_jobs AS j (user_id, action, filter, rate, point, version, total)
    VALUES (p_owner, p_action, p_filter, p_rate, p_point, p_version, v_total)
    RETURNING j.* INTO v_job;
    outcome := 'created';
    job_id := v_job.id;
    row_json := private.job_json(v_job)::text;
END
$$;

-- The caller's own jobs, newest first.
CREATE OR REPLACE FUNCTION private.jobs_page(p_after uuid, p_limit integer)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH page AS (
        SELECT j FROM private.execution_jobs j
         WHERE j.user_id = auth.uid() AND (p_after IS NULL OR j.id < p_after) ORDER BY j.id DESC LIMIT p_limit + 1
    ), kept AS (SELECT j FROM page ORDER BY (j).id DESC LIMIT p_limit)
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(private.job_json(j) ORDER BY (j).id DESC) FROM kept), '[]'),
        'next', (SELECT (j).id FROM kept WHERE (SELECT count(*) FROM page) > p_limit ORDER BY (j).id LIMIT 1))::text;
$$;

CREATE OR REPLACE FUNCTION private.own_job(p_job uuid)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT private.job_json(j)::text FROM private.execution_jobs j WHERE j.id = p_job AND j.user_id = auth.uid();
$$;

-- Moves a job of the caller's from one of some states to another. Null: it is in none of them, or there is no such job.
CREATE OR REPLACE FUNCTION private.turn_job(p_job uuid, p_from text[], p_to text)
RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.execution_jobs j
       SET status = p_to, completed_at = CASE WHEN p_to = 'cancelled' THEN now() END
     WHERE j.id = p_job AND j.user_id = auth.uid() AND j.status = ANY (p_from)
    RETURNING private.job_json(j)::text;
$$;

-- What the next step of a job needs to know. No row: it was deleted.
CREATE FUNCTION private.job_state(p_job uuid)
RETURNS TABLE (
    owner_id uuid, action text, point text, version integer, rate double precision, status text, cursor_id uuid
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT j.user_id, j.action, j.point, j.version, j.rate, j.status, j.cursor_id
      FROM private.execution_jobs j WHERE j.id = p_job;
$$;

CREATE OR REPLACE FUNCTION private.job_items(p_job uuid, p_limit integer)
RETURNS TABLE (id uuid, status text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.id, m.status FROM private.execution_jobs j,
           LATERAL private.job_matches(j.user_id, j.filter, j.created_at, j.cursor_at, j.cursor_id, p_limit) m
     WHERE j.id = p_job;
$$;

-- Writes down what came of the items up to p_to, once: whoever comes late with the same items changes nothing.
-- p_to null: there are no more of them.
CREATE OR REPLACE FUNCTION private.advance_job(
    p_job uuid, p_from uuid, p_to uuid, p_done integer, p_failed integer, p_skipped integer, p_errors jsonb
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.execution_jobs j
       SET done = j.done + p_done, failed = j.failed + p_failed, skipped = j.skipped + p_skipped,
           errors = (SELECT coalesce(jsonb_agg(e.value), '[]') FROM (
               SELECT value FROM jsonb_array_elements(j.errors || p_errors) LIMIT 20) AS e),
           cursor_id = coalesce(p_to, j.cursor_id),
           cursor_at = coalesce((SELECT x.created_at FROM public.workflow_executions x WHERE x.id = p_to),
                                CASE WHEN p_to IS NOT NULL THEN uuid_extract_timestamp(p_to) END, j.cursor_at),
           status = CASE WHEN p_to IS NULL AND j.status = 'running' THEN 'completed' ELSE j.status END,
           completed_at = CASE WHEN p_to IS NULL THEN now() ELSE j.completed_at END
     WHERE j.id = p_job AND j.cursor_id IS NOT DISTINCT FROM p_from;
$$;

-- Jobs that should be under way.
CREATE OR REPLACE FUNCTION private.open_jobs()
RETURNS TABLE (job_id uuid, owner_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT j.id, j.user_id FROM private.execution_jobs j WHERE j.status = 'running' ORDER BY j.id LIMIT 1000;
$$;

-- As private.cancel_queued, for a job of the owner's.
CREATE OR REPLACE FUNCTION private.cancel_queued_of(p_owner uuid, p_execution_id uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('request.jwt.claims', json_build_object('sub', p_owner, 'role', 'authenticated')::text, true);
    RETURN private.cancel_queued(p_execution_id);
END
$$;

CALL private.give_to_platform(ARRAY[
    'job_matches', 'job_json', 'accept_job', 'jobs_page', 'own_job', 'turn_job', 'job_state', 'job_items',
    'advance_job', 'open_jobs', 'cancel_queued_of'
]);
GRANT EXECUTE ON FUNCTION private.accept_job(uuid, uuid, text, jsonb, double precision, text, integer) TO zapi;
GRANT EXECUTE ON FUNCTION
    private.jobs_page(uuid, integer), private.own_job(uuid), private.turn_job(uuid, text[], text)
TO authenticated;
GRANT EXECUTE ON FUNCTION
    private.job_state(uuid), private.job_items(uuid, integer), private.open_jobs(), private.cancel_queued_of(uuid, uuid),
    private.advance_job(uuid, uuid, uuid, integer, integer, integer, jsonb)
TO zworker;
