-- What the owner of a video may know of its runs: as lists, one by one, and how far the last one has come.

-- A run as it is answered.
CREATE OR REPLACE FUNCTION private.video_run_json(p_run private.video_runs)
RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'id', p_run.id, 'video_id', p_run.video_id, 'status', p_run.status, 'progress', p_run.progress,
        'revision', p_run.revision, 'source_size', p_run.source_size, 'error', p_run.error,
        'cancel_requested_at', p_run.cancel_requested_at, 'created_at', p_run.created_at,
        'started_at', p_run.started_at, 'completed_at', p_run.completed_at);
$$;

-- The runs of a video of the caller's, newest first. Null: there is no such video.
CREATE OR REPLACE FUNCTION private.video_runs_page(p_video uuid, p_after uuid, p_limit integer)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH page AS (
        SELECT r FROM private.video_runs r
         WHERE r.video_id = p_video AND r.user_id = auth.uid() AND (p_after IS NULL OR r.id < p_after)
         ORDER BY r.id DESC LIMIT p_limit + 1
    ), kept AS (SELECT r FROM page ORDER BY (r).id DESC LIMIT p_limit)
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(private.video_run_json(r) ORDER BY (r).id DESC) FROM kept), '[]'),
        'next', (SELECT (r).id FROM kept WHERE (SELECT count(*) FROM page) > p_limit ORDER BY (r).id LIMIT 1))::text
      FROM public.videos v WHERE v.id = p_video AND v.user_id = auth.uid();
$$;

-- One of them, with what was found in the source, how it is encoded, and what there is of each track.
CREATE OR REPLACE FUNCTION private.own_video_run(p_video uuid, p_run uuid)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (private.video_run_json(r) || jsonb_build_object(
        'report', r.report, 'plan', r.plan, 'tracks', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                       'name', t.name, 'kind', t.kind, 'is_complete', t.is_complete, 'chunks', c.chunks,
                       'bytes', c.bytes) ORDER BY t.kind, t.position)
              FROM private.video_tracks t, LATERAL (
                  SELECT count(*) AS chunks, coalesce(sum(k.size), 0) AS bytes
                    FROM private.video_chunks k WHERE k.run_id = t.run_id AND k.track = t.name
              ) AS c WHERE t.run_id = r.id), '[]')))::text
      FROM private.video_runs r WHERE r.id = p_run AND r.video_id = p_video AND r.user_id = auth.uid();
$$;

-- How far the last run of a video of the caller's has come. Null: there is no such video.
CREATE OR REPLACE FUNCTION private.video_progress(p_video uuid, OUT state text, OUT is_open boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_build_object(
               'video_id', v.id, 'status', v.status, 'progress', v.progress, 'error_message', v.error_message,
               'hls_url', v.hls_url, 'thumbnail_url', v.thumbnail_url, 'quality', v.quality, 'duration', v.duration,
               'renditions', v.renditions,
               'run', CASE WHEN r.id IS NOT NULL THEN json_build_object(
                   'id', r.id, 'status', r.status, 'progress', r.progress, 'revision', r.revision, 'error', r.error) END
           )::text,
           coalesce(r.status IN ('pending', 'running'), false)
      FROM public.videos v LEFT JOIN LATERAL (
          SELECT * FROM private.video_runs o WHERE o.video_id = v.id AND o.user_id = v.user_id ORDER BY o.id DESC LIMIT 1
      ) AS r ON true
     WHERE v.id = p_video AND v.user_id = auth.uid();
$$;

ALTER FUNCTION private.video_run_json(private.video_runs) OWNER TO zplatform;
ALTER FUNCTION private.video_runs_page(uuid, uuid, integer) OWNER TO zplatform;
ALTER FUNCTION private.own_video_run(uuid, uuid) OWNER TO zplatform;
ALTER FUNCTION private.video_progress(uuid) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.video_run_json(private.video_runs), private.video_runs_page(uuid, uuid, integer),
    private.own_video_run(uuid, uuid), private.video_progress(uuid)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.video_runs_page(uuid, uuid, integer), private.own_video_run(uuid, uuid),
    private.video_progress(uuid)
TO authenticated;
