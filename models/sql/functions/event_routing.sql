-- How events come to who wants them. The router (worker/event_router.py) decides with the filters; one statement here then
-- writes what it decided and that the events are routed, so that whatever dies, each is decided once.

DROP FUNCTION IF EXISTS private.take_events(uuid, integer);
DROP FUNCTION IF EXISTS private.take_events(uuid, integer, integer);

-- An owner with events that wait, after the one given in the order of ids.
CREATE OR REPLACE FUNCTION private.owner_with_events(p_after uuid)
RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.user_id FROM private.events e
     WHERE e.status = 'pending' AND (p_after IS NULL OR e.user_id > p_after) ORDER BY e.user_id LIMIT 1;
$$;

-- The oldest events of one owner that wait, and who may want them. Empty when another router has this owner's now; until
-- the transaction ends, no other has. In spent: whose origins have caused p_chain_events events already.
CREATE FUNCTION private.take_events(
    p_owner uuid, p_limit integer, p_chain_events integer, OUT events jsonb, OUT listeners jsonb, OUT triggers jsonb,
    OUT consumptions jsonb, OUT spent jsonb
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_most CONSTANT integer := 10000;
    v_types text[];
    v_executions uuid[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(private.event_lock(p_owner)) THEN
        RETURN;
    END IF;
    SELECT jsonb_agg(to_jsonb(e) ORDER BY e.cursor), array_agg(e.execution_id) INTO events, v_executions
      FROM (SELECT w.cursor, w.type, w.event, w.execution_id, w.hops, w.origin FROM private.events w
             WHERE w.user_id = p_owner AND w.status = 'pending' ORDER BY w.cursor LIMIT p_limit) AS e;
    IF events IS NULL THEN
        RETURN;
    END IF;
    SELECT private.spent_origins(array_agg(DISTINCT (e.value->>'origin')::bigint), p_chain_events) INTO spent
      FROM jsonb_array_elements(events) AS e (value) WHERE e.value->>'origin' IS NOT NULL;
    SELECT array_agg(DISTINCT t) INTO v_types
      FROM jsonb_array_elements(events) AS e (value), unnest(private.interested_types(e.value->>'type')) AS t;
    SELECT jsonb_agg(jsonb_build_object('execution_id', i.execution_id, 'key', i.key, 'filter', i.filter) ORDER BY i.id)
      INTO listeners
      FROM (SELECT * FROM private.event_interests c
             WHERE c.user_id = p_owner AND c.execution_id IS NOT NULL
               AND (c.type = ANY (v_types) OR c.execution_id = ANY (v_executions)) ORDER BY c.id LIMIT v_most) AS i;
    SELECT jsonb_agg(jsonb_build_object('workflow_id', w.id, 'version', w.version, 'schedule', w.config->'schedule')
                     ORDER BY w.id)
      INTO triggers
      FROM public.workflows w
     WHERE w.is_active AND w.id IN (
        SELECT i.workflow_id FROM private.event_interests i
         WHERE i.user_id = p_owner AND i.workflow_id IS NOT NULL AND i.type = ANY (v_types) LIMIT 1000);
    SELECT jsonb_agg(jsonb_build_object('id', c.id, 'workflow_id', c.workflow_id, 'state', c.state, 'hops', c.hops,
                                        'origin', c.origin)
                     ORDER BY c.id)
      INTO consumptions
      FROM private.event_consumptions c JOIN jsonb_array_elements(triggers) AS t (value)
        ON c.workflow_id = (t.value->>'workflow_id')::uuid AND c.version = (t.value->>'version')::integer;
END
$$;

-- What the router decided of the events that it took in this transaction: p_deliveries are {execution_id, key, cursor}.
CREATE OR REPLACE FUNCTION private.route_events(
    p_owner uuid, p_routed bigint[], p_held bigint[], p_deliveries jsonb
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE private.events SET status = 'routed' WHERE cursor = ANY (p_routed) AND user_id = p_owner;
    UPDATE private.events SET status = 'held' WHERE cursor = ANY (p_held) AND user_id = p_owner;
    INSERT INTO private.event_deliveries (user_id, execution_id, key, cursor)
    SELECT p_owner, d.execution_id, d.key, d.cursor
      FROM jsonb_to_recordset(p_deliveries) AS d (execution_id uuid, key text, cursor bigint)
     WHERE EXISTS (SELECT FROM private.event_interests i WHERE i.execution_id = d.execution_id AND i.key = d.key)
     ORDER BY d.cursor
    ON CONFLICT DO NOTHING;
END
$$;

-- Deliveries of some executions in their order. Until the transaction ends, nobody else delivers to these executions.
CREATE OR REPLACE FUNCTION private.take_deliveries(p_executions integer, p_each integer)
RETURNS TABLE (id bigint, execution_id uuid, key text, identity text, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_execution uuid;
    v_left integer := p_executions;
BEGIN
    FOR v_execution IN
        SELECT d.execution_id FROM (
            SELECT o.execution_id, min(o.id) AS first FROM private.event_deliveries o WHERE o.due_at <= now()
             GROUP BY o.execution_id ORDER BY first LIMIT p_executions * 4
        ) AS d
    LOOP
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('deliveries to ' || v_execution, 0));
        RETURN QUERY
            SELECT d.id, d.execution_id, d.key, e.source || ' ' || e.event_id, e.event::text
              FROM private.event_deliveries d JOIN private.events e ON e.cursor = d.cursor
             WHERE d.execution_id = v_execution ORDER BY d.id LIMIT p_each;
        v_left := v_left - 1;
        EXIT WHEN v_left = 0;
    END LOOP;
END
$$;

-- These have arrived, or can arrive nowhere any more.
CREATE OR REPLACE FUNCTION private.forget_deliveries(p_ids bigint[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM private.event_deliveries WHERE id = ANY (p_ids);
$$;

-- These could not be delivered now.
CREATE OR REPLACE FUNCTION private.postpone_deliveries(p_ids bigint[], p_pause interval)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.event_deliveries SET due_at = now() + p_pause WHERE id = ANY (p_ids);
$$;

-- Owners and rights.
ALTER FUNCTION private.owner_with_events(uuid) OWNER TO zplatform;
ALTER FUNCTION private.take_events(uuid, integer, integer) OWNER TO zplatform;
ALTER FUNCTION private.route_events(uuid, bigint[], bigint[], jsonb) OWNER TO zplatform;
ALTER FUNCTION private.take_deliveries(integer, integer) OWNER TO zplatform;
ALTER FUNCTION private.forget_deliveries(bigint[]) OWNER TO zplatform;
ALTER FUNCTION private.postpone_deliveries(bigint[], interval) OWNER TO zplatform;
REVOKE ALL ON FUNCTION
    private.owner_with_events(uuid), private.take_events(uuid, integer, integer),
    private.route_events(uuid, bigint[], bigint[], jsonb), private.take_deliveries(integer, integer),
    private.forget_deliveries(bigint[]), private.postpone_deliveries(bigint[], interval)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    private.owner_with_events(uuid), private.take_events(uuid, integer, integer),
    private.route_events(uuid, bigint[], bigint[], jsonb), private.take_deliveries(integer, integer),
    private.forget_deliveries(bigint[]), private.postpone_deliveries(bigint[], interval)
TO zworker;
