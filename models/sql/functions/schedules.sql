-- Definitions that run by themselves. Schedules on Temporal are derived from the rows: whatever changes one here leaves a
-- mark in the same transaction, and the workers make Temporal agree.

DROP FUNCTION IF EXISTS private.begin_scheduled(uuid, text, jsonb, integer);
DROP FUNCTION IF EXISTS private.definition_schedule(uuid);
DROP FUNCTION IF EXISTS private.own_schedule(uuid);
DROP FUNCTION IF EXISTS private.last_scheduled_run(uuid);

CREATE OR REPLACE FUNCTION private.mark_schedule(p_workflow_id uuid)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO private.schedule_changes AS c (workflow_id, changed_at) VALUES (p_workflow_id, clock_timestamp())
    ON CONFLICT (workflow_id) DO UPDATE SET changed_at = clock_timestamp();
    SELECT pg_notify('schedules', '');
$$;

CREATE OR REPLACE FUNCTION private.follow_schedule() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF tg_op = 'DELETE' THEN
        PERFORM private.mark_schedule(old.id);
    ELSE
        PERFORM private.mark_schedule(new.id);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER follow_new_schedule AFTER INSERT ON public.workflows
    FOR EACH ROW WHEN (new.config ? 'schedule')
    EXECUTE FUNCTION private.follow_schedule();
CREATE OR REPLACE TRIGGER follow_changed_schedule AFTER UPDATE OF config, is_active, name, user_id ON public.workflows
    FOR EACH ROW WHEN (
        (old.config ? 'schedule' OR new.config ? 'schedule')
        AND (old.config, old.is_active, old.name, old.user_id) IS DISTINCT FROM
            (new.config, new.is_active, new.name, new.user_id)
    )
    EXECUTE FUNCTION private.follow_schedule();
CREATE OR REPLACE TRIGGER follow_gone_schedule AFTER DELETE ON public.workflows
    FOR EACH ROW WHEN (old.config ? 'schedule')
    EXECUTE FUNCTION private.follow_schedule();

-- Marks all definitions with a schedule: a worker that starts makes Temporal agree with every one of them.
CREATE OR REPLACE FUNCTION private.mark_all_schedules()
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO private.schedule_changes (workflow_id, changed_at)
    SELECT w.id, clock_timestamp() FROM public.workflows w WHERE w.config ? 'schedule' ORDER BY w.id
    ON CONFLICT (workflow_id) DO NOTHING;
$$;

-- Which of these have a schedule and are there; the rest of them Temporal should not know.
CREATE OR REPLACE FUNCTION private.scheduled_among(p_ids uuid[])
RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(w.id), '{}') FROM public.workflows w
     WHERE w.id = ANY (p_ids) AND w.config ? 'schedule';
$$;

-- Definitions whose schedule is to be compared, those that have waited longest first.
CREATE OR REPLACE FUNCTION private.due_schedules(p_limit integer)
RETURNS TABLE (workflow_id uuid, changed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.workflow_id, c.changed_at FROM private.schedule_changes c ORDER BY c.changed_at LIMIT p_limit;
$$;

-- Temporal agrees with what the row said when it was marked at this moment; a later mark stays.
CREATE OR REPLACE FUNCTION private.settle_schedule(p_workflow_id uuid, p_changed_at timestamptz)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM private.schedule_changes WHERE workflow_id = p_workflow_id AND changed_at = p_changed_at;
$$;

-- One definition as its schedule is made from it. No row: it is gone.
CREATE FUNCTION private.definition_schedule(p_workflow_id uuid)
RETURNS TABLE (name text, is_active boolean, version integer, document text, is_paused boolean, note text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.name, w.is_active, w.version, w.config::text, p.workflow_id IS NOT NULL, p.note
      FROM public.workflows w LEFT JOIN private.schedule_pauses p ON p.workflow_id = w.id
     WHERE w.id = p_workflow_id;
$$;

-- The same of the caller's own definition, for him to see.
CREATE FUNCTION private.own_schedule(p_workflow_id uuid)
RETURNS TABLE (is_active boolean, document text, is_paused boolean, note text, next_run_at timestamptz, last_run_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.is_active, w.config::text, p.workflow_id IS NOT NULL, p.note, w.next_run_at, w.last_run_at
      FROM public.workflows w LEFT JOIN private.schedule_pauses p ON p.workflow_id = w.id
     WHERE w.id = p_workflow_id AND w.user_id = auth.uid();
$$;

CREATE OR REPLACE FUNCTION private.set_next_run(p_workflow_id uuid, p_next_run_at timestamptz)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.workflows SET next_run_at = p_next_run_at
     WHERE id = p_workflow_id AND next_run_at IS DISTINCT FROM p_next_run_at;
$$;

-- Pauses the schedule of the caller's own definition, or lets it go on. False: there is no such definition.
CREATE OR REPLACE FUNCTION private.pause_schedule(p_workflow_id uuid, p_is_paused boolean, p_note text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.workflows w
      WHERE w.id = p_workflow_id AND w.user_id = auth.uid() FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF p_is_paused THEN
        INSERT INTO private.schedule_pauses AS p (workflow_id, note) VALUES (p_workflow_id, p_note)
        ON CONFLICT (workflow_id) DO UPDATE SET note = excluded.note;
        PERFORM private.set_next_run(p_workflow_id, NULL);
    ELSE
        DELETE FROM private.schedule_pauses p WHERE p.workflow_id = p_workflow_id;
    END IF;
    PERFORM private.mark_schedule(p_workflow_id);
    RETURN true;
END
$$;

-- Begins the run of one scheduled moment, with all that its start needs; a repeat for the same moment finds the first.
-- What the limit of the definition keeps from running is recorded as a run that was cancelled: outcome `skipped`.
CREATE FUNCTION private.begin_scheduled(p_workflow_id uuid, p_key text, p_trigger_data jsonb, p_most_open integer)
RETURNS TABLE (
    outcome text, execution_id uuid, owner_id uuid, definition_id uuid, version integer, name text, document text,
    trigger_data text, started_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner uuid;
    v_begun record;
BEGIN
    SELECT w.user_id INTO v_owner FROM public.workflows w WHERE w.id = p_workflow_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing', NULL::uuid, NULL::uuid, NULL::uuid, NULL::integer, NULL, NULL, NULL, NULL::timestamptz;
        RETURN;
    END IF;
    IF private.open_runs(v_owner, p_most_open) >= p_most_open THEN
        RETURN QUERY SELECT 'crowded', NULL::uuid, NULL::uuid, NULL::uuid, NULL::integer, NULL, NULL, NULL, NULL::timestamptz;
        RETURN;
    END IF;
    -- The workflow that fires starts it within moments; should it die, the workers do.
    v_begun := private.begin_run(
        v_owner, p_workflow_id, 'schedule', p_trigger_data, p_key, 'schedule', NULL, 0, interval '10 seconds'
    );
    IF v_begun.outcome IN ('full', 'skipped') THEN
        INSERT INTO public.workflow_executions AS e
               (user_id, workflow_id, status, trigger_data, version, trigger, started_at, completed_at, duration_ms, error_message)
        VALUES (v_owner, p_workflow_id, 'cancelled', p_trigger_data, v_begun.version, 'schedule', now(), now(), 0,
                'Skipped: as many executions of this workflow are under way as its concurrency limit allows')
        RETURNING e.id INTO v_begun.execution_id;
        INSERT INTO private.idempotency_keys (user_id, key, fingerprint, execution_id)
        VALUES (v_owner, p_key, 'schedule', v_begun.execution_id);
        v_begun.outcome := 'skipped';
    END IF;
    RETURN QUERY SELECT v_begun.outcome, e.id, e.user_id, e.workflow_id, e.version, w.name, v.config::text,
                        e.trigger_data::text, e.started_at
      FROM public.workflows w
      LEFT JOIN public.workflow_executions e ON e.id = v_begun.execution_id
      LEFT JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (e.workflow_id, e.version)
     WHERE w.id = p_workflow_id;
END
$$;

-- Whether a run has no end yet.
CREATE OR REPLACE FUNCTION private.is_open(p_execution_id uuid)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.workflow_executions e
                    WHERE e.id = p_execution_id AND e.status IN ('pending', 'running'));
$$;

-- The newest run of a definition that its schedule began.
CREATE FUNCTION private.last_scheduled_run(p_workflow_id uuid)
RETURNS TABLE (execution_id uuid, completed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.id, e.completed_at
      FROM public.workflows w JOIN public.workflow_executions e ON (e.user_id, e.workflow_id) = (w.user_id, w.id)
     WHERE w.id = p_workflow_id AND e.trigger = 'schedule' ORDER BY e.created_at DESC LIMIT 1;
$$;

ALTER FUNCTION private.mark_schedule(uuid) OWNER TO zplatform;
ALTER FUNCTION private.follow_schedule() OWNER TO zplatform;
ALTER FUNCTION private.mark_all_schedules() OWNER TO zplatform;
ALTER FUNCTION private.scheduled_among(uuid[]) OWNER TO zplatform;
ALTER FUNCTION private.definition_schedule(uuid) OWNER TO zplatform;
ALTER FUNCTION private.set_next_run(uuid, timestamptz) OWNER TO zplatform;
ALTER FUNCTION private.pause_schedule(uuid, boolean, text) OWNER TO zplatform;
ALTER FUNCTION private.begin_scheduled(uuid, text, jsonb, integer) OWNER TO zplatform;
ALTER FUNCTION private.is_open(uuid) OWNER TO zplatform;
ALTER FUNCTION private.own_schedule(uuid) OWNER TO zplatform;
ALTER FUNCTION private.due_schedules(integer) OWNER TO zplatform;
ALTER FUNCTION private.settle_schedule(uuid, timestamptz) OWNER TO zplatform;
ALTER FUNCTION private.last_scheduled_run(uuid) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.mark_schedule(uuid), private.follow_schedule(), private.mark_all_schedules(),
    private.scheduled_among(uuid[]), private.definition_schedule(uuid), private.set_next_run(uuid, timestamptz),
    private.pause_schedule(uuid, boolean, text), private.begin_scheduled(uuid, text, jsonb, integer),
    private.is_open(uuid), private.last_scheduled_run(uuid), private.due_schedules(integer),
    private.settle_schedule(uuid, timestamptz), private.own_schedule(uuid)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.pause_schedule(uuid, boolean, text), private.own_schedule(uuid) TO authenticated;
GRANT EXECUTE ON FUNCTION private.mark_all_schedules(), private.scheduled_among(uuid[]),
    private.definition_schedule(uuid), private.set_next_run(uuid, timestamptz),
    private.begin_scheduled(uuid, text, jsonb, integer), private.is_open(uuid), private.last_scheduled_run(uuid),
    private.due_schedules(integer), private.settle_schedule(uuid, timestamptz)
TO zworker;
