-- Ended executions are kept for some days: as many as the installation says, or as their definition says itself.

DROP FUNCTION IF EXISTS private.expired_executions(integer, integer);

-- Whether an ended execution is still needed: by one that has begun it, or that has begun the one which began it, while
-- that has not ended: its rollback undoes what is recorded here. A family of retries goes the newest first, with what each
-- has begun: a later one undoes what an earlier one did, unless an earlier one says that it has been undone.
CREATE OR REPLACE FUNCTION private.is_needed(p_execution_id uuid)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE above AS (
        SELECT e.id, e.parent_execution_id AS parent, e.status, 1 AS height
          FROM public.workflow_executions e WHERE e.id = p_execution_id
        UNION ALL
        SELECT e.id, e.parent_execution_id, e.status, a.height + 1
          FROM above a JOIN public.workflow_executions e ON e.id = a.parent WHERE a.height < 20
    )
    SELECT EXISTS (SELECT FROM above a WHERE a.status IN ('pending', 'running'))
        OR EXISTS (
            SELECT FROM above a LEFT JOIN private.execution_retries o ON o.execution_id = a.id
              JOIN private.execution_retries r ON r.root_id = coalesce(o.root_id, a.id)
             WHERE r.execution_id > a.id AND r.point <> 'trigger');
$$;

-- Up to p_limit executions whose time is over, those of definitions with days of their own among them.
CREATE FUNCTION private.expired_executions(p_days integer, p_limit integer)
RETURNS TABLE (id uuid) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH own AS (
        SELECT w.id, w.user_id, v.retention_days
          FROM private.workflow_versions v JOIN public.workflows w ON (w.id, w.version) = (v.workflow_id, v.version)
         WHERE v.retention_days IS NOT NULL
    ), usual AS (
        SELECT e.id FROM public.workflow_executions e
         WHERE e.completed_at < now() - make_interval(days => p_days) AND e.status IN ('completed', 'failed', 'cancelled')
           AND NOT EXISTS (SELECT FROM own o WHERE o.id = e.workflow_id) AND NOT private.is_needed(e.id)
         ORDER BY e.completed_at LIMIT p_limit
    ), by_definition AS (
        SELECT e.id FROM own o JOIN public.workflow_executions e ON (e.user_id, e.workflow_id) = (o.user_id, o.id)
         WHERE e.completed_at < now() - make_interval(days => o.retention_days)
           AND e.status IN ('completed', 'failed', 'cancelled') AND NOT private.is_needed(e.id)
         LIMIT p_limit
    )
    SELECT u.id FROM usual u UNION ALL SELECT d.id FROM by_definition d LIMIT p_limit;
$$;

-- Deletes ended executions with all that is recorded of them; not one that has come to be needed meanwhile.
CREATE OR REPLACE FUNCTION private.delete_executions(p_ids uuid[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM public.workflow_executions e
     WHERE e.id = ANY (p_ids) AND e.status IN ('completed', 'failed', 'cancelled') AND NOT private.is_needed(e.id);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END
$$;

-- Deletes jobs that ended so long ago.
CREATE OR REPLACE FUNCTION private.delete_jobs(p_days integer)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM private.execution_jobs j WHERE j.id IN (
        SELECT o.id FROM private.execution_jobs o
         WHERE o.status IN ('completed', 'cancelled') AND o.completed_at < now() - make_interval(days => p_days)
         LIMIT 1000);
$$;

ALTER FUNCTION private.is_needed(uuid) OWNER TO zplatform;
ALTER FUNCTION private.expired_executions(integer, integer) OWNER TO zplatform;
ALTER FUNCTION private.delete_executions(uuid[]) OWNER TO zplatform;
ALTER FUNCTION private.delete_jobs(integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.is_needed(uuid), private.expired_executions(integer, integer),
    private.delete_executions(uuid[]), private.delete_jobs(integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.expired_executions(integer, integer), private.delete_executions(uuid[]),
    private.delete_jobs(integer)
TO zworker;
