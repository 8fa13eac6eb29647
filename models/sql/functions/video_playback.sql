-- What players are given: whether they may, the newest run that can be played, its tracks, and the objects of those.

-- The newest run of a video that has been published and neither failed nor been cancelled; or p_run, if it is such a one:
-- who plays an older run goes on with that.
CREATE OR REPLACE FUNCTION private.playable_run(p_video uuid, p_run uuid) RETURNS private.video_runs
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r FROM private.video_runs r
     WHERE r.video_id = p_video AND r.revision > 0 AND r.status NOT IN ('failed', 'cancelled')
       AND (p_run IS NULL OR r.id = p_run)
     ORDER BY r.id DESC LIMIT 1;
$$;

-- Seconds: measured where a run is complete; before that, what the source promises.
CREATE OR REPLACE FUNCTION private.playable_seconds(p_run private.video_runs, p_video_seconds double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(
        CASE WHEN p_run.status = 'completed' THEN p_video_seconds END,
        (p_run.report->>'duration')::double precision,
        p_video_seconds);
$$;

-- A run as JSON, with the tracks that a caller asks for and all of their chunks up to the first gap.
-- A fragment is four numbers, as in private.video_chunks.
CREATE OR REPLACE FUNCTION private.published_json(p_run private.video_runs, p_tracks text[]) RETURNS json
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_agg(json_build_object(
        'name', t.name, 'kind', t.kind, 'position', t.position, 'properties', t.properties,
        'is_complete', t.is_complete OR p_run.status = 'completed',
        'chunks', (
            SELECT json_agg(json_build_array(
                       c.number, c.object_key, c.size, c.init_size, c.init_sha256, c.fragments) ORDER BY c.number)
              FROM (SELECT x.*, row_number() OVER (ORDER BY x.number) - 1 AS place
                      FROM private.video_chunks x WHERE x.run_id = p_run.id AND x.track = t.name) AS c
             WHERE c.number = c.place AND (p_tracks IS NULL OR t.name = ANY (p_tracks)))
    ) ORDER BY t.kind, t.position, t.name)
    FROM private.video_tracks t WHERE t.run_id = p_run.id;
$$;

-- By a grant of p_generation, or as the owner where that is null. No row: there is no such video, the grant is of an
-- older generation, or the video is another's. run_id is null where nothing can be played.
CREATE OR REPLACE FUNCTION private.video_playback(
    p_video uuid, p_generation integer, p_owner uuid, p_session uuid, p_run uuid, p_tracks text[]
) RETURNS TABLE (
    owner_id uuid, generation integer, poster_url text, duration double precision, run_id uuid, revision integer,
    tracks text
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_video public.videos;
    v_run private.video_runs;
    v_generation integer;
BEGIN
    IF p_generation IS NULL AND NOT auth.session_ok(p_session) THEN
        RAISE EXCEPTION 'Session from session_id claim in JWT does not exist' USING ERRCODE = 'ZS403';
    END IF;
    SELECT * INTO v_video FROM public.videos v WHERE v.id = p_video;
    SELECT g.generation INTO v_generation FROM private.playback_generations g WHERE g.video_id = p_video;
    v_generation := coalesce(v_generation, 0);
    IF v_video.id IS NULL OR NOT coalesce(p_generation = v_generation, v_video.user_id = p_owner, false) THEN
        RETURN;
    END IF;
    v_run := private.playable_run(p_video, p_run);
    RETURN QUERY SELECT
        v_video.user_id, v_generation, v_video.thumbnail_url,
        private.playable_seconds(v_run, v_video.duration), v_run.id, v_run.revision,
        CASE WHEN v_run.id IS NOT NULL THEN private.published_json(v_run, p_tracks)::text END;
END
$$;

-- The object of one chunk, for whoever has a grant.
CREATE OR REPLACE FUNCTION private.video_object(
    p_video uuid, p_generation integer, p_run uuid, p_track text, p_number integer
) RETURNS TABLE (object_key text, size bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.object_key, c.size
      FROM private.video_runs r
      JOIN private.video_chunks c ON c.run_id = r.id AND c.track = p_track AND c.number = p_number
     WHERE r.id = p_run AND r.video_id = p_video AND r.revision > 0 AND r.status NOT IN ('failed', 'cancelled')
       AND p_generation = coalesce((SELECT g.generation FROM private.playback_generations g WHERE g.video_id = p_video), 0);
$$;

-- Ends every grant of a video that was given; false: it is not the caller's.
CREATE OR REPLACE FUNCTION private.end_playback(p_video uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO private.playback_generations AS known (video_id, generation)
    SELECT v.id, 1 FROM public.videos v WHERE v.id = p_video AND v.user_id = auth.uid()
    ON CONFLICT (video_id) DO UPDATE SET generation = known.generation + 1;
    RETURN FOUND;
END
$$;

ALTER FUNCTION private.playable_run(uuid, uuid) OWNER TO zplatform;
ALTER FUNCTION private.playable_seconds(private.video_runs, double precision) OWNER TO zplatform;
ALTER FUNCTION private.published_json(private.video_runs, text[]) OWNER TO zplatform;
ALTER FUNCTION private.video_playback(uuid, integer, uuid, uuid, uuid, text[]) OWNER TO zplatform;
ALTER FUNCTION private.video_object(uuid, integer, uuid, text, integer) OWNER TO zplatform;
ALTER FUNCTION private.end_playback(uuid) OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION
    private.playable_run(uuid, uuid), private.playable_seconds(private.video_runs, double precision),
    private.published_json(private.video_runs, text[]),
    private.video_playback(uuid, integer, uuid, uuid, uuid, text[]), private.video_object(uuid, integer, uuid, text, integer),
    private.end_playback(uuid)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    private.video_playback(uuid, integer, uuid, uuid, uuid, text[]), private.video_object(uuid, integer, uuid, text, integer)
TO zservice;
GRANT EXECUTE ON FUNCTION private.end_playback(uuid) TO authenticated;
