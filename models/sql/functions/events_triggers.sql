-- Definitions that events start (`schedule.on`): their filters are interests for as long as they are switched on, kept in step
-- with the row by its own transaction.

DROP FUNCTION IF EXISTS private.begin_triggered(uuid, jsonb);
DROP FUNCTION IF EXISTS private.begin_triggered(uuid, jsonb, integer);
DROP FUNCTION IF EXISTS private.begin_triggered(uuid, jsonb, integer, integer);
DROP FUNCTION IF EXISTS private.skip_triggered(uuid, uuid, jsonb);

-- Every filter of a strategy, those of its `until` included; one that takes everything for a list without filters. What
-- is not shaped like a strategy has none: it is refused when it is run.
CREATE OR REPLACE FUNCTION private.strategy_filters(p_strategy jsonb)
RETURNS SETOF jsonb LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_filters jsonb;
BEGIN
    IF jsonb_typeof(p_strategy) IS DISTINCT FROM 'object' THEN
        RETURN;
    END IF;
    IF jsonb_typeof(p_strategy->'one') = 'object' THEN
        RETURN NEXT p_strategy->'one';
    END IF;
    FOREACH v_filters IN ARRAY ARRAY[p_strategy->'any', p_strategy->'all'] LOOP
        IF v_filters = '[]'::jsonb THEN
            RETURN NEXT '{}'::jsonb;
        ELSIF jsonb_typeof(v_filters) = 'array' THEN
            RETURN QUERY SELECT f FROM jsonb_array_elements(v_filters) AS f LIMIT 100;
        END IF;
    END LOOP;
    IF jsonb_typeof(p_strategy->'until') = 'object' THEN
        RETURN QUERY SELECT f FROM private.strategy_filters(p_strategy->'until' #- '{until}') AS f LIMIT 100;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION private.keep_event_interests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM private.event_interests i WHERE i.workflow_id = new.id;
        -- Another version begins anew; one that was switched off forgets what it had.
        DELETE FROM private.event_consumptions c WHERE c.workflow_id = new.id;
    END IF;
    IF new.is_active THEN
        INSERT INTO private.event_interests (user_id, type, workflow_id, position, filter)
        SELECT new.user_id, private.interest_type(f.value), new.id, f.place, '{}'
          FROM private.strategy_filters(new.config #> '{schedule,on}') WITH ORDINALITY AS f (value, place);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER keep_event_interests_of_new AFTER INSERT ON public.workflows FOR EACH ROW
    WHEN (new.config #> '{schedule,on}' IS NOT NULL) EXECUTE FUNCTION private.keep_event_interests();
CREATE OR REPLACE TRIGGER keep_event_interests_of_changed AFTER UPDATE OF config, is_active ON public.workflows
    FOR EACH ROW WHEN (
        (new.config #> '{schedule,on}', new.is_active, new.version)
        IS DISTINCT FROM (old.config #> '{schedule,on}', old.is_active, old.version)
    ) EXECUTE FUNCTION private.keep_event_interests();

-- Locks definitions that a turn of the router has decided about, each in the version that it has read. False: one of them was
-- changed, switched off or deleted since. The turn is then to be taken back, and its events to be decided anew.
CREATE OR REPLACE FUNCTION private.hold_triggers(p_workflows uuid[], p_versions integer[])
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- In their order: two who lock several definitions then never wait for each other.
    PERFORM FROM public.workflows w WHERE w.id = ANY (p_workflows) ORDER BY w.id FOR NO KEY UPDATE;
    RETURN NOT EXISTS (
        SELECT d.id, d.version FROM unnest(p_workflows, p_versions) AS d (id, version)
        EXCEPT SELECT w.id, w.version FROM public.workflows w WHERE w.id = ANY (p_workflows) AND w.is_active);
END
$$;

-- Begins what events have triggered, each p_starts element {workflow_id, data, hops, origin} one run, in the transaction that
-- marks its events as routed and has called private.hold_triggers: so each is begun once, and by the version that takes it.
-- Of an owner with p_most_open runs that have no end yet, the rest are recorded as runs that were cancelled, and so is what the
-- limit of the definition keeps from running. One origin begins p_chain_runs of them at most.
CREATE FUNCTION private.begin_triggered(p_owner uuid, p_starts jsonb, p_most_open integer, p_chain_runs integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_start record;
    v_run record;
    v_begun integer := 0;
    v_room CONSTANT integer := p_most_open - private.open_runs(p_owner, p_most_open);
    v_origin bigint;
    v_chain integer := 0;
BEGIN
    FOR v_start IN
        -- By definition first, as they are locked.
        SELECT s.workflow_id, s.data, s.hops, s.origin
          FROM ROWS FROM (
              jsonb_to_recordset(p_starts) AS (workflow_id uuid, data jsonb, hops integer, origin bigint)
          ) WITH ORDINALITY AS s (workflow_id, data, hops, origin, place)
         ORDER BY s.workflow_id, s.place
    LOOP
        IF v_start.origin IS DISTINCT FROM v_origin THEN
            v_origin := v_start.origin;
            v_chain := private.chain_runs(v_origin, p_chain_runs);
        END IF;
        IF v_chain >= p_chain_runs THEN
            PERFORM private.stop_chain(p_owner, v_origin, format(
                'it has set off %s executions, which is the most that one event may: look for workflows that cause each '
                'other''s events, or ask the operator for more', p_chain_runs));
            CONTINUE;
        END IF;
        -- What its own row tells of it has come as far as it has.
        PERFORM set_config('zilliance.hops', v_start.hops::text, true),
                set_config('zilliance.origin', coalesce(v_origin::text, ''), true);
        IF v_begun >= v_room THEN
            PERFORM private.skip_triggered(p_owner, v_start.workflow_id, v_start.data,
                'this account has as many open executions as it may; replay this one when some have ended');
            PERFORM set_config('zilliance.hops', '', true), set_config('zilliance.origin', '', true);
            CONTINUE;
        END IF;
        SELECT r.* INTO v_run FROM private.begin_run(
            p_owner, v_start.workflow_id, 'event', v_start.data, NULL, NULL, NULL, 0, interval '0'
        ) AS r;
        IF v_run.outcome IN ('full', 'skipped') THEN
            PERFORM private.skip_triggered(p_owner, v_start.workflow_id, v_start.data,
                'as many executions of this workflow are under way as its concurrency limit allows');
        END IF;
        PERFORM set_config('zilliance.hops', '', true), set_config('zilliance.origin', '', true);
        IF v_run.outcome IN ('created', 'queued') THEN
            INSERT INTO private.execution_hops (execution_id, hops, origin)
            VALUES (v_run.execution_id, v_start.hops, v_origin);
            v_begun := v_begun + 1;
            v_chain := v_chain + (v_origin IS NOT NULL)::integer;
        END IF;
    END LOOP;
    RETURN v_begun;
END
$$;

-- What could not run is there to be seen, and to be replayed.
CREATE OR REPLACE FUNCTION private.skip_triggered(p_owner uuid, p_workflow_id uuid, p_data jsonb, p_why text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.workflow_executions
           (user_id, workflow_id, status, trigger_data, version, trigger, started_at, completed_at, duration_ms, error_message)
    SELECT p_owner, w.id, 'cancelled', p_data, w.version, 'event', now(), now(), 0,
           'Skipped: ' || p_why
      FROM public.workflows w WHERE w.id = p_workflow_id AND w.user_id = p_owner AND w.is_active;
$$;

-- What triggers have consumed so far: p_done are gone, p_kept are {id, workflow_id, version, state, hops, origin}, new ones without an id.
CREATE OR REPLACE FUNCTION private.keep_consumptions(p_owner uuid, p_done bigint[], p_kept jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM private.event_consumptions c WHERE c.id = ANY (p_done) AND c.user_id = p_owner;
    UPDATE private.event_consumptions c SET state = k.state, hops = k.hops, origin = k.origin
      FROM jsonb_to_recordset(p_kept) AS k (id bigint, state jsonb, hops integer, origin bigint)
     WHERE c.id = k.id AND c.user_id = p_owner;
    INSERT INTO private.event_consumptions (user_id, workflow_id, version, state, hops, origin)
    SELECT p_owner, k.workflow_id, k.version, k.state, k.hops, k.origin
      FROM jsonb_to_recordset(p_kept)
           AS k (id bigint, workflow_id uuid, version integer, state jsonb, hops integer, origin bigint)
      JOIN public.workflows w ON w.id = k.workflow_id AND w.version = k.version AND w.is_active AND w.user_id = p_owner
     WHERE k.id IS NULL;
END
$$;

ALTER FUNCTION private.skip_triggered(uuid, uuid, jsonb, text) OWNER TO zplatform;
ALTER FUNCTION private.keep_event_interests() OWNER TO zplatform;
ALTER FUNCTION private.strategy_filters(jsonb) OWNER TO zplatform;
ALTER FUNCTION private.hold_triggers(uuid[], integer[]) OWNER TO zplatform;
ALTER FUNCTION private.begin_triggered(uuid, jsonb, integer, integer) OWNER TO zplatform;
ALTER FUNCTION private.keep_consumptions(uuid, bigint[], jsonb) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.keep_event_interests(), private.strategy_filters(jsonb),
    private.skip_triggered(uuid, uuid, jsonb, text), private.hold_triggers(uuid[], integer[]),
    private.begin_triggered(uuid, jsonb, integer, integer), private.keep_consumptions(uuid, bigint[], jsonb)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.hold_triggers(uuid[], integer[]), private.begin_triggered(uuid, jsonb, integer, integer),
    private.keep_consumptions(uuid, bigint[], jsonb)
TO zworker;

-- Definitions that were there before their filters were kept.
INSERT INTO private.event_interests (user_id, type, workflow_id, position, filter)
SELECT w.user_id, private.interest_type(f.value), w.id, f.place, '{}'
  FROM public.workflows w, private.strategy_filters(w.config #> '{schedule,on}') WITH ORDINALITY AS f (value, place)
 WHERE w.is_active AND NOT EXISTS (SELECT FROM private.event_interests i WHERE i.workflow_id = w.id);
