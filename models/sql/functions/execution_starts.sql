-- What is committed and waits: runs that Temporal has not been told of, and runs that wait for another of their definition
-- to end. Who accepts a run usually starts it at once and says so here; what he did not come to, the workers do.

DROP FUNCTION IF EXISTS private.claim_starts(interval, integer);

-- How many runs of a definition are under way, counted to p_most and no further; those that queue are not.
CREATE OR REPLACE FUNCTION private.active_runs(p_owner uuid, p_workflow_id uuid, p_most integer)
RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FROM (
        SELECT FROM public.workflow_executions e
         WHERE e.user_id = p_owner AND e.workflow_id = p_workflow_id AND e.status IN ('pending', 'running')
           AND NOT EXISTS (SELECT FROM private.queued_executions q WHERE q.execution_id = e.id)
         ORDER BY e.id LIMIT p_most
    ) AS counted;
$$;

-- Lets as many runs of a definition out of its queue as its limit has room for, the oldest first. The caller holds the
-- definition's lock, so that the limit is exact.
CREATE OR REPLACE FUNCTION private.release_queued(p_workflow_id uuid)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner uuid;
    v_limit integer;
    v_released integer;
BEGIN
    IF NOT EXISTS (SELECT FROM private.queued_executions q WHERE q.workflow_id = p_workflow_id) THEN
        RETURN 0;
    END IF;
    SELECT w.user_id, v.concurrency_limit INTO v_owner, v_limit
      FROM public.workflows w JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (w.id, w.version)
     WHERE w.id = p_workflow_id;
    -- A limit that was taken away lets all of them out, a page at a time: the reconciler comes for the rest.
    v_limit := coalesce(v_limit - private.active_runs(v_owner, p_workflow_id, v_limit), 1000);
    WITH released AS (
        DELETE FROM private.queued_executions WHERE execution_id IN (
            SELECT q.execution_id FROM private.queued_executions q
             WHERE q.workflow_id = p_workflow_id ORDER BY q.execution_id LIMIT greatest(v_limit, 0)
        ) RETURNING execution_id
    )
    INSERT INTO private.execution_starts (execution_id, due_at) SELECT r.execution_id, now() FROM released r;
    GET DIAGNOSTICS v_released = ROW_COUNT;
    RETURN v_released;
END
$$;

-- The same for every definition with a queue, whatever was missed; the reconciler's net.
CREATE OR REPLACE FUNCTION private.release_all_queued()
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_workflow uuid;
    v_released integer := 0;
BEGIN
    FOR v_workflow IN
        SELECT w.id FROM public.workflows w
         WHERE w.id IN (SELECT q.workflow_id FROM private.queued_executions q) ORDER BY w.id LIMIT 1000
         FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        v_released := v_released + private.release_queued(v_workflow);
    END LOOP;
    RETURN v_released;
END
$$;

-- Takes up to p_limit runs whose start is due, with all that a start needs. They are due again after p_again, should
-- whoever took them die; several may take at once and get different ones.
CREATE FUNCTION private.claim_starts(p_again interval, p_limit integer)
RETURNS TABLE (
    execution_id uuid, owner_id uuid, definition_id uuid, version integer, name text, document text,
    trigger_data text, started_at timestamptz, retry_of uuid
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH claimed AS (
        UPDATE private.execution_starts SET due_at = now() + p_again WHERE execution_id = ANY (ARRAY(
            SELECT s.execution_id FROM private.execution_starts s
             WHERE s.due_at <= now() ORDER BY s.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
        )) RETURNING execution_id
    )
    SELECT e.id, e.user_id, e.workflow_id, e.version, w.name, v.config::text, e.trigger_data::text,
           coalesce(e.started_at, e.created_at), private.reused_execution(e.id)
      FROM claimed c JOIN public.workflow_executions e ON e.id = c.execution_id
      JOIN public.workflows w ON w.id = e.workflow_id
      LEFT JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (e.workflow_id, e.version)
     ORDER BY e.id;
$$;

-- These are known to Temporal.
CREATE OR REPLACE FUNCTION private.forget_starts(p_execution_ids uuid[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM private.execution_starts WHERE execution_id = ANY (p_execution_ids);
$$;

-- Ends a run of the caller's that still queues. True when there was one.
CREATE OR REPLACE FUNCTION private.cancel_queued(p_execution_id uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.workflows w
      WHERE w.id = (SELECT e.workflow_id FROM public.workflow_executions e
                     WHERE e.id = p_execution_id AND e.user_id = auth.uid())
        FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM private.queued_executions q WHERE q.execution_id = p_execution_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM private.finish_execution(p_execution_id, 'cancelled', NULL, NULL, NULL, NULL);
    RETURN true;
END
$$;

ALTER FUNCTION private.active_runs(uuid, uuid, integer) OWNER TO zplatform;
ALTER FUNCTION private.release_queued(uuid) OWNER TO zplatform;
ALTER FUNCTION private.release_all_queued() OWNER TO zplatform;
ALTER FUNCTION private.claim_starts(interval, integer) OWNER TO zplatform;
ALTER FUNCTION private.forget_starts(uuid[]) OWNER TO zplatform;
ALTER FUNCTION private.cancel_queued(uuid) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.active_runs(uuid, uuid, integer), private.release_queued(uuid),
    private.release_all_queued(), private.claim_starts(interval, integer), private.forget_starts(uuid[]),
    private.cancel_queued(uuid)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.claim_starts(interval, integer), private.release_all_queued() TO zworker;
GRANT EXECUTE ON FUNCTION private.forget_starts(uuid[]) TO zapi, zworker;
GRANT EXECUTE ON FUNCTION private.cancel_queued(uuid) TO authenticated;
