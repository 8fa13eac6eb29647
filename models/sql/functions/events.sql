-- The stream of events (private.events) and who wants what of it (private.event_interests): each event is a committed row
-- before anything hears of it, and each listener is one before it waits.

DROP FUNCTION IF EXISTS private.list_events(bigint, integer);
DROP FUNCTION IF EXISTS private.publish_events(jsonb);
DROP FUNCTION IF EXISTS private.publish_events(jsonb, integer);
DROP FUNCTION IF EXISTS private.emit_event(uuid, jsonb);
DROP FUNCTION IF EXISTS private.store_events(uuid, jsonb, uuid, integer);

-- The one type that a filter takes; '' for several by a pattern, '*' when it says nothing of types.
CREATE OR REPLACE FUNCTION private.interest_type(p_filter jsonb)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(p_filter #> '{with,type}') IS DISTINCT FROM 'string' THEN '*'
                WHEN p_filter #>> '{with,type}' ~ '[\\*+?^$|()\[\]{}]' THEN ''
                ELSE p_filter #>> '{with,type}' END;
$$;

-- The interests that an event of this type must be shown to. What the platform tells of executions goes to those alone
-- who ask for it by type: whoever takes everything would otherwise hear of himself for ever.
CREATE OR REPLACE FUNCTION private.interested_types(p_type text)
RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN p_type LIKE 'io.serverlessworkflow.%' OR p_type LIKE 'workflow.%' OR p_type LIKE 'workflow\_execution.%'
                THEN ARRAY[p_type, ''] ELSE ARRAY[p_type, '', '*'] END;
$$;

-- Puts events of one owner into the stream: objects in the JSON format of CloudEvents, checked by the caller. How many
-- were new; what has the source and the id of one that is there is that one again.
CREATE OR REPLACE FUNCTION private.store_events(
    p_owner uuid, p_events jsonb, p_execution_id uuid, p_hops integer, p_origin bigint DEFAULT NULL
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_stored integer;
    v_pending boolean;
BEGIN
    WITH stored AS (
        INSERT INTO private.events (user_id, source, event_id, type, event, execution_id, hops, origin, status)
        SELECT p_owner, e.value->>'source', e.value->>'id', e.value->>'type', e.value, p_execution_id, p_hops, p_origin,
               CASE WHEN p_execution_id IS NOT NULL OR EXISTS (
                   SELECT FROM private.event_interests i WHERE i.user_id = p_owner
                      AND i.type = ANY (private.interested_types(e.value->>'type'))
               ) THEN 'pending' ELSE 'routed' END
          FROM jsonb_array_elements(p_events) WITH ORDINALITY AS e (value, place) ORDER BY e.place
        ON CONFLICT (user_id, source, event_id) DO NOTHING
        RETURNING status
    )
    SELECT count(*), bool_or(s.status = 'pending') INTO v_stored, v_pending FROM stored s;
    IF v_pending THEN
        NOTIFY events;
    END IF;
    RETURN v_stored;
END
$$;

-- One event of a task, for the owner of its execution. A repeat has the same source and id, and so does nothing. ZW429: as
-- many as p_most wait already.
CREATE OR REPLACE FUNCTION private.emit_event(p_execution_id uuid, p_event jsonb, p_most integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner uuid;
BEGIN
    SELECT e.user_id INTO v_owner FROM public.workflow_executions e WHERE e.id = p_execution_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'execution "%" was deleted', p_execution_id USING ERRCODE = 'ZW404';
    END IF;
    -- Whoever emitted it may have died before it could say so, and it waits itself.
    IF NOT private.has_room_for_events(v_owner, p_most) AND NOT EXISTS (
        SELECT FROM private.events e
         WHERE e.user_id = v_owner AND e.source = p_event->>'source' AND e.event_id = p_event->>'id'
    ) THEN
        RAISE EXCEPTION '% events of this account wait to be routed, which is the most: emit fewer, or try again later', p_most
            USING ERRCODE = 'ZW429';
    END IF;
    PERFORM private.store_events(
        v_owner, jsonb_build_array(p_event), NULL, private.hops_of(p_execution_id) + 1, private.origin_of(p_execution_id));
END
$$;

-- Events of the caller's own, for whoever of his listens. How many were new; null, and none is stored: as many as p_most
-- wait already.
CREATE FUNCTION private.publish_events(p_events jsonb, p_most integer)
RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT private.store_events(auth.uid(), p_events, NULL, 0) WHERE private.has_room_for_events(auth.uid(), p_most);
$$;

-- An event for one execution of the caller's. Null: there is no such execution; false: it has ended.
CREATE OR REPLACE FUNCTION private.signal_execution(p_execution_id uuid, p_event jsonb)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_open boolean;
BEGIN
    -- Locked, so that it does not end unnoticed between this and the commit.
    SELECT e.status IN ('pending', 'running') INTO v_open FROM public.workflow_executions e
     WHERE e.id = p_execution_id AND e.user_id = auth.uid() FOR KEY SHARE;
    IF v_open THEN
        PERFORM private.store_events(auth.uid(), jsonb_build_array(p_event), p_execution_id, 0);
    END IF;
    RETURN v_open;
END
$$;

-- The caller's events, newest first: those before p_before, or from the newest on.
CREATE FUNCTION private.list_events(p_before bigint, p_limit integer)
RETURNS TABLE (cursor bigint, event text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.cursor, e.event::text FROM private.events e
     WHERE e.user_id = auth.uid() AND (p_before IS NULL OR e.cursor < p_before)
     ORDER BY e.cursor DESC LIMIT p_limit;
$$;

-- A task of an execution listens to what any of these filters takes. What was sent to the execution alone before it
-- listened is looked at again.
CREATE OR REPLACE FUNCTION private.subscribe(p_execution_id uuid, p_key text, p_filters jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_most CONSTANT integer := 10000;
    v_owner uuid;
BEGIN
    SELECT e.user_id INTO v_owner FROM public.workflow_executions e WHERE e.id = p_execution_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'execution "%" was deleted', p_execution_id USING ERRCODE = 'ZW404';
    END IF;
    -- Shared: the router, which takes it for itself, then sees this listener or leaves the event to be found below.
    PERFORM pg_advisory_xact_lock_shared(private.event_lock(v_owner));
    IF (SELECT count(*) FROM (
            SELECT FROM private.event_interests i WHERE i.user_id = v_owner AND i.execution_id IS NOT NULL LIMIT v_most
        ) AS counted) >= v_most THEN
        RAISE EXCEPTION 'more than % filters of executions listen already: end some, or listen for fewer', v_most
            USING ERRCODE = 'ZW409';
    END IF;
    INSERT INTO private.event_interests (user_id, type, execution_id, key, position, filter)
    SELECT v_owner, private.interest_type(f.value), p_execution_id, p_key, f.place, f.value
      FROM jsonb_array_elements(p_filters) WITH ORDINALITY AS f (value, place)
    ON CONFLICT DO NOTHING;
    UPDATE private.events SET status = 'pending' WHERE execution_id = p_execution_id AND status = 'held';
    IF FOUND THEN
        NOTIFY events;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION private.unsubscribe(p_execution_id uuid, p_key text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM private.event_interests WHERE execution_id = p_execution_id AND key = p_key;
    DELETE FROM private.event_deliveries WHERE execution_id = p_execution_id AND key = p_key;
$$;

CREATE OR REPLACE FUNCTION private.event_lock(p_owner uuid)
RETURNS bigint LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT hashtextextended('events of ' || p_owner, 0);
$$;

-- Owners and rights.
ALTER FUNCTION private.store_events(uuid, jsonb, uuid, integer, bigint) OWNER TO zplatform;
ALTER FUNCTION private.emit_event(uuid, jsonb, integer) OWNER TO zplatform;
ALTER FUNCTION private.publish_events(jsonb, integer) OWNER TO zplatform;
ALTER FUNCTION private.signal_execution(uuid, jsonb) OWNER TO zplatform;
ALTER FUNCTION private.list_events(bigint, integer) OWNER TO zplatform;
ALTER FUNCTION private.subscribe(uuid, text, jsonb) OWNER TO zplatform;
ALTER FUNCTION private.unsubscribe(uuid, text) OWNER TO zplatform;
REVOKE ALL ON FUNCTION
    private.interest_type(jsonb), private.interested_types(text), private.store_events(uuid, jsonb, uuid, integer, bigint),
    private.emit_event(uuid, jsonb, integer), private.publish_events(jsonb, integer),
    private.signal_execution(uuid, jsonb), private.list_events(bigint, integer), private.subscribe(uuid, text, jsonb),
    private.unsubscribe(uuid, text), private.event_lock(uuid)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.interest_type(jsonb), private.interested_types(text), private.event_lock(uuid)
    TO zplatform;
GRANT EXECUTE ON FUNCTION private.publish_events(jsonb, integer), private.signal_execution(uuid, jsonb),
    private.list_events(bigint, integer) TO authenticated;
GRANT EXECUTE ON FUNCTION private.emit_event(uuid, jsonb, integer), private.subscribe(uuid, text, jsonb),
    private.unsubscribe(uuid, text) TO zworker;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.events, private.event_interests, private.event_deliveries,
    private.event_consumptions, private.execution_hops TO zplatform;
