-- What of events is over: pages of it at a time, so that nobody waits for the locks of a large deletion.

-- Removes what is older than it need be kept; how many rows, of which there may be more when the number is p_limit.
CREATE OR REPLACE FUNCTION private.trim_events(p_events interval, p_changes interval, p_limit integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_removed integer;
    v_most integer := 0;
BEGIN
    -- What waits to be routed is never too old, nor what waits for an execution that has not come to listen. The oldest come first by the primary key, so a page ends at the first
    -- that is to stay.
    DELETE FROM private.events e USING (
        SELECT o.cursor FROM (
            SELECT f.cursor, f.created_at, f.status FROM private.events f
             WHERE f.status <> 'held' OR NOT EXISTS (
                SELECT FROM public.workflow_executions x WHERE x.id = f.execution_id AND x.status IN ('pending', 'running'))
             ORDER BY f.cursor LIMIT p_limit
        ) AS o WHERE o.created_at < now() - p_events AND o.status <> 'pending'
    ) AS old WHERE e.cursor = old.cursor
      AND NOT EXISTS (SELECT FROM private.event_deliveries d WHERE d.cursor = e.cursor);
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    v_most := greatest(v_most, v_removed);
    DELETE FROM private.change_log c USING (
        SELECT o.xid, o.cursor FROM (
            SELECT f.xid, f.cursor, f.created_at FROM private.change_log f ORDER BY f.xid, f.cursor LIMIT p_limit
        ) AS o WHERE o.created_at < now() - p_changes
    ) AS old WHERE (c.xid, c.cursor) = (old.xid, old.cursor);
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    v_most := greatest(v_most, v_removed);
    -- Listeners whose executions have ended without a word: a worker died between the two.
    DELETE FROM private.event_interests i USING (
        SELECT o.id FROM private.event_interests o JOIN public.workflow_executions e ON e.id = o.execution_id
         WHERE e.status NOT IN ('pending', 'running') LIMIT p_limit
    ) AS over WHERE i.id = over.id;
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    v_most := greatest(v_most, v_removed);
    DELETE FROM private.event_consumptions c USING (
        SELECT o.id FROM private.event_consumptions o WHERE o.created_at < now() - p_events LIMIT p_limit
    ) AS old WHERE c.id = old.id;
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    RETURN greatest(v_most, v_removed);
END
$$;

ALTER FUNCTION private.trim_events(interval, interval, integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.trim_events(interval, interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.trim_events(interval, interval, integer) TO zworker;
