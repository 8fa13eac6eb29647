-- The processing of videos that tasks of executions want: begun once for each, looked at, and cancelled with the task.

-- As private.begin_video_run, for an owner, and once for a key: a repeat finds the run that it began. `outcome` is besides
-- `ended`: that run has come to its end meanwhile. is_ours: the key has begun it, and nobody else.
CREATE OR REPLACE FUNCTION private.begin_video_run_for(
    p_owner uuid, p_key text, p_video uuid, p_force boolean, p_most_open integer,
    OUT outcome text, OUT run_id uuid, OUT source_version uuid, OUT source_size bigint, OUT is_ours boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('video_runs ' || p_owner, 0));
    SELECT CASE WHEN r.status IN ('pending', 'running') THEN 'open' ELSE 'ended' END, r.id, r.source_version,
           r.source_size, true
      INTO outcome, run_id, source_version, source_size, is_ours
      FROM private.video_runs r WHERE r.user_id = p_owner AND r.effect_key = p_key;
    IF FOUND THEN
        RETURN;
    END IF;
    PERFORM set_config('request.jwt.claims', json_build_object('sub', p_owner, 'role', 'authenticated')::text, true);
    -- Its execution starts it at once; should that die, a worker does.
    SELECT b.outcome, b.run_id, b.source_version, b.source_size, b.outcome = 'created'
      INTO outcome, run_id, source_version, source_size, is_ours
      FROM private.begin_video_run(p_video, p_force, p_most_open, interval '30 seconds') AS b;
    IF is_ours THEN
        UPDATE private.video_runs r SET effect_key = p_key WHERE r.id = run_id;
    END IF;
END
$$;

-- How a run stands: {status, error, video}. status null: it was deleted with its video.
CREATE OR REPLACE FUNCTION private.video_run_outcome(p_owner uuid, p_run uuid)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_build_object(
        'status', r.status, 'error', r.error, 'video', row_to_json(v))::text
      FROM (SELECT p_run AS id) AS asked
      LEFT JOIN private.video_runs r ON r.id = asked.id AND r.user_id = p_owner
      LEFT JOIN public.videos v ON v.id = r.video_id AND v.user_id = p_owner;
$$;

-- As private.request_video_cancel, for an owner, and for this very run.
CREATE OR REPLACE FUNCTION private.request_video_run_cancel(p_owner uuid, p_run uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_video uuid;
BEGIN
    IF EXISTS (SELECT FROM private.video_runs r WHERE r.id = p_run AND r.user_id = p_owner) THEN
        -- Locked from here on, so that no other run takes this one's place.
        v_video := private.lock_video_of(p_run);
    END IF;
    IF v_video IS NULL THEN
        RETURN false;
    END IF;
    PERFORM set_config('request.jwt.claims', json_build_object('sub', p_owner, 'role', 'authenticated')::text, true);
    PERFORM private.request_video_cancel(v_video);
    RETURN true;
END
$$;

ALTER FUNCTION private.begin_video_run_for(uuid, text, uuid, boolean, integer) OWNER TO zplatform;
ALTER FUNCTION private.video_run_outcome(uuid, uuid) OWNER TO zplatform;
ALTER FUNCTION private.request_video_run_cancel(uuid, uuid) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.begin_video_run_for(uuid, text, uuid, boolean, integer),
    private.video_run_outcome(uuid, uuid), private.request_video_run_cancel(uuid, uuid)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.begin_video_run_for(uuid, text, uuid, boolean, integer),
    private.video_run_outcome(uuid, uuid), private.request_video_run_cancel(uuid, uuid)
TO zworker;
