-- Chains: what one event from outside has set off, event by execution by event. An event says how many executions lie
-- before it (hops) and which event began it all (origin, its cursor), and so does an execution that an event began. Every
-- origin has a budget: a chain is bounded in depth by the router, and in breadth here.

-- Which executions an execution comes from: itself, and those whose tasks began it.
CREATE OR REPLACE FUNCTION private.line_of(p_execution_id uuid)
RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE up AS (
        SELECT e.id, e.parent_execution_id, 0 AS depth FROM public.workflow_executions e WHERE e.id = p_execution_id
        UNION ALL
        SELECT e.id, e.parent_execution_id, up.depth + 1
          FROM up JOIN public.workflow_executions e ON e.id = up.parent_execution_id WHERE up.depth < 20
    )
    SELECT up.id FROM up;
$$;

-- How many executions lie between this one and whoever began it all.
CREATE OR REPLACE FUNCTION private.hops_of(p_execution_id uuid)
RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(max(h.hops), 0)
      FROM private.line_of(p_execution_id) AS l (id) JOIN private.execution_hops h ON h.execution_id = l.id;
$$;

-- The event that set it off; null where that was none.
CREATE OR REPLACE FUNCTION private.origin_of(p_execution_id uuid)
RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.origin FROM private.line_of(p_execution_id) AS l (id) JOIN private.execution_hops h ON h.execution_id = l.id
     ORDER BY h.hops DESC LIMIT 1;
$$;

-- How many executions an event has set off, counted to p_most and no further.
CREATE OR REPLACE FUNCTION private.chain_runs(p_origin bigint, p_most integer)
RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FROM (SELECT FROM private.execution_hops h WHERE h.origin = p_origin LIMIT p_most) AS counted;
$$;

-- Which of these origins have had p_most events routed.
CREATE OR REPLACE FUNCTION private.spent_origins(p_origins bigint[], p_most integer)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(o), '[]') FROM unnest(p_origins) AS o
     WHERE (SELECT count(*) FROM (
               SELECT FROM private.events e WHERE e.origin = o AND e.status <> 'pending' LIMIT p_most
           ) AS counted) >= p_most;
$$;

-- Tells the owner, once a chain and in his own stream, that it was ended and why. It is heard by no listener.
CREATE OR REPLACE FUNCTION private.stop_chain(p_owner uuid, p_origin bigint, p_detail text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO private.events (user_id, source, event_id, type, event, status)
    SELECT p_owner, s.source, s.id, s.type,
           jsonb_build_object(
               'specversion', '1.0', 'id', s.id, 'source', s.source, 'type', s.type,
               'time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'datacontenttype', 'application/json',
               'data', jsonb_build_object('detail', p_detail, 'origin', (
                   SELECT jsonb_build_object('source', o.source, 'id', o.event_id, 'type', o.type)
                     FROM private.events o WHERE o.cursor = p_origin AND o.user_id = p_owner))),
           'routed'
      FROM (VALUES ('/events/v1', 'chain-' || p_origin, 'event.chain_stopped')) AS s (source, id, type)
    ON CONFLICT DO NOTHING;
$$;

-- Whether fewer than p_most events of an owner wait to be routed.
CREATE OR REPLACE FUNCTION private.has_room_for_events(p_owner uuid, p_most integer)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (
        SELECT FROM private.events e WHERE e.user_id = p_owner AND e.status = 'pending' OFFSET greatest(p_most - 1, 0));
$$;

-- Whoever deletes an account says so here first, and waits for the router's turn with it: the router locks events and then,
-- by what it inserts, the account; the deletion does so the other way round.
CREATE OR REPLACE FUNCTION auth.hold_events(p_user uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(private.event_lock(p_user));
END
$$;

ALTER FUNCTION auth.hold_events(uuid) OWNER TO zplatform;
REVOKE ALL ON FUNCTION auth.hold_events(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.hold_events(uuid) TO zauth;

ALTER FUNCTION private.line_of(uuid) OWNER TO zplatform;
ALTER FUNCTION private.hops_of(uuid) OWNER TO zplatform;
ALTER FUNCTION private.origin_of(uuid) OWNER TO zplatform;
ALTER FUNCTION private.chain_runs(bigint, integer) OWNER TO zplatform;
ALTER FUNCTION private.spent_origins(bigint[], integer) OWNER TO zplatform;
ALTER FUNCTION private.stop_chain(uuid, bigint, text) OWNER TO zplatform;
ALTER FUNCTION private.has_room_for_events(uuid, integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION
    private.line_of(uuid), private.hops_of(uuid), private.origin_of(uuid), private.chain_runs(bigint, integer),
    private.spent_origins(bigint[], integer), private.stop_chain(uuid, bigint, text),
    private.has_room_for_events(uuid, integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.stop_chain(uuid, bigint, text) TO zworker;
