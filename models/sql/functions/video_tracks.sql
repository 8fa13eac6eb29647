-- Tracks and chunks of the processing of a video: what players are given. The run's own life is in video_runs.sql. Every
-- function may be repeated safely; of a run that is over, or is to be cancelled, all of them answer false and do nothing.

-- Locks the video of an open run, so that its end and whatever is written for it come one after the other.
CREATE OR REPLACE FUNCTION private.hold_video_run(p_run uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN private.lock_video_of(p_run) IS NOT NULL AND EXISTS (
        SELECT FROM private.video_runs r WHERE r.id = p_run AND r.cancel_requested_at IS NULL
    );
END
$$;

-- Its objects are there to stay.
CREATE OR REPLACE FUNCTION private.is_video_run_kept(p_run uuid)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM private.video_runs r WHERE r.id = p_run AND r.status = 'completed');
$$;

-- p_tracks is a list of {name, kind, position, properties}.
CREATE OR REPLACE FUNCTION private.keep_video_tracks(p_run uuid, p_tracks jsonb)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO private.video_tracks (run_id, name, kind, position, properties)
    SELECT p_run, t.name, t.kind, t.position, t.properties
      FROM jsonb_to_recordset(p_tracks) AS t (name text, kind text, position integer, properties jsonb)
    ON CONFLICT (run_id, name) DO NOTHING;
$$;

-- What was found out, how it will be encoded, and the tracks that come of it, still empty.
CREATE OR REPLACE FUNCTION private.keep_video_plan(p_run uuid, p_report jsonb, p_plan jsonb, p_tracks jsonb)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT private.hold_video_run(p_run) THEN
        RETURN false;
    END IF;
    PERFORM private.describe_video_run(p_run, p_report, p_plan);
    PERFORM private.keep_video_tracks(p_run, p_tracks);
    RETURN private.set_video_progress(p_run, 2);
END
$$;

-- What a media worker must know of an open run. No row: it is over.
CREATE OR REPLACE FUNCTION private.video_work(p_run uuid, OUT video_id uuid, OUT owner_id uuid, OUT report text, OUT plan text)
RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.video_id, r.user_id, r.report::text, r.plan::text FROM private.video_runs r
     WHERE r.id = p_run AND r.status = 'running' AND r.cancel_requested_at IS NULL;
$$;

-- What there is of one track, in order.
CREATE OR REPLACE FUNCTION private.video_track_chunks(
    p_run uuid, p_track text, OUT object_key text, OUT init_size integer, OUT fragments integer[]
) RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.object_key, c.init_size, c.fragments FROM private.video_chunks c
     WHERE c.run_id = p_run AND c.track = p_track ORDER BY c.number;
$$;

-- Percent of all pictures that are encoded, by their area; of sound alone, what its encoder says.
CREATE OR REPLACE FUNCTION private.video_share(p_run uuid)
RETURNS double precision LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT sum(t.area * coalesce(c.frames, 0)) / nullif(sum(t.area) * max((r.plan->>'frames')::double precision), 0)
      FROM private.video_runs r
      JOIN (SELECT run_id, name, (properties->>'width')::double precision * (properties->>'height')::double precision AS area
              FROM private.video_tracks WHERE run_id = p_run AND kind = 'video') AS t ON t.run_id = r.id
      LEFT JOIN LATERAL (
          SELECT sum(frames) AS frames FROM private.video_chunks c WHERE c.run_id = p_run AND c.track = t.name
      ) AS c ON true
     WHERE r.id = p_run;
$$;

-- Whether somebody could begin to watch: the first pictures of the lowest rendition are there, and the first sound.
CREATE OR REPLACE FUNCTION private.is_video_playable(p_run uuid)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) > 0 AND bool_and(EXISTS (
               SELECT FROM private.video_chunks c WHERE c.run_id = t.run_id AND c.track = t.name AND c.number = 0))
      FROM private.video_tracks t
     WHERE t.run_id = p_run AND t.kind IN ('video', 'audio') AND t.position = 0;
$$;

-- The class that the video's row says: that of the highest rendition of which everything is there, or else of the lowest.
CREATE OR REPLACE FUNCTION private.video_quality(p_run uuid)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT t.properties->>'quality' FROM private.video_tracks t
                      WHERE t.run_id = p_run AND t.kind = 'video' AND (t.is_complete OR t.position = 0)
                      ORDER BY t.is_complete DESC, t.position DESC LIMIT 1), 'sd');
$$;

-- Renditions that are whole, as the video's row shows them; `bitrate` is the average, measured.
CREATE OR REPLACE FUNCTION private.video_renditions(p_run uuid)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'name', t.name, 'width', t.properties->'width', 'height', t.properties->'height',
               'quality', t.properties->'quality', 'bytes', c.size,
               'bitrate', round(c.size * 8 * (t.properties #>> '{rate,numerator}')::numeric
                                / (t.properties #>> '{rate,denominator}')::numeric / greatest(c.frames, 1))
           ) ORDER BY t.position), '[]')
      FROM private.video_tracks t CROSS JOIN LATERAL (
          SELECT coalesce(sum(size), 0) AS size, coalesce(sum(frames), 0) AS frames
            FROM private.video_chunks c WHERE c.run_id = t.run_id AND c.track = t.name
      ) AS c
     WHERE t.run_id = p_run AND t.kind = 'video' AND t.is_complete;
$$;

-- Seconds of the longest track, as it came out.
CREATE OR REPLACE FUNCTION private.video_duration(p_run uuid)
RETURNS double precision LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT max(s.seconds) FROM private.video_tracks t CROSS JOIN LATERAL (
        SELECT sum(ticks) / (t.properties->>'timescale')::double precision AS seconds
          FROM private.video_chunks c CROSS JOIN LATERAL (
              SELECT sum(f.value) AS ticks FROM unnest(c.fragments) WITH ORDINALITY AS f (value, place) WHERE f.place % 4 = 3
          ) AS f
         WHERE c.run_id = t.run_id AND c.track = t.name
    ) AS s
     WHERE t.run_id = p_run AND t.kind IN ('video', 'audio');
$$;

-- Tells players of what there is, if it is enough to begin with; p_url is where they find it.
CREATE OR REPLACE FUNCTION private.offer_video_run(p_run uuid, p_url text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF private.is_video_playable(p_run) THEN
        PERFORM private.publish_video_run(p_run, jsonb_build_object(
            'hls_url', p_url, 'quality', private.video_quality(p_run), 'renditions', private.video_renditions(p_run),
            'duration', (SELECT (r.report->>'duration')::double precision FROM private.video_runs r WHERE r.id = p_run)));
    END IF;
END
$$;

-- Objects that are in the store now. p_chunks is a list of {track, number, key, size, init_size, init_sha256, start,
-- frames, fragments}, p_tracks those of them that are new, p_complete the names of those that nothing follows in. What the
-- lowest rendition and the sound gain is published at once; of a higher rendition all of it, when it is complete.
CREATE OR REPLACE FUNCTION private.add_video_chunks(
    p_run uuid, p_url text, p_chunks jsonb, p_tracks jsonb, p_complete text[], p_progress integer
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT private.hold_video_run(p_run) THEN
        RETURN false;
    END IF;
    PERFORM private.keep_video_tracks(p_run, p_tracks);
    INSERT INTO private.video_chunks AS c
           (run_id, track, number, object_key, size, init_size, init_sha256, frames, fragments)
    SELECT p_run, n.track, n.number, n.key, n.size, n.init_size, n.init_sha256, n.frames, n.fragments
      FROM jsonb_to_recordset(p_chunks) AS n (track text, number integer, key text, size bigint, init_size integer,
                                             init_sha256 text, frames integer, fragments integer[])
    ON CONFLICT (run_id, track, number) DO UPDATE SET
        size = excluded.size, init_size = excluded.init_size, init_sha256 = excluded.init_sha256,
        frames = excluded.frames, fragments = excluded.fragments;
    UPDATE private.video_tracks t SET is_complete = true
     WHERE t.run_id = p_run AND t.name = ANY (p_complete) AND NOT t.is_complete;
    PERFORM private.set_video_progress(
        p_run, greatest(p_progress, (2 + 95 * coalesce(private.video_share(p_run), 0))::integer));
    IF EXISTS (SELECT FROM private.video_tracks t
                WHERE t.run_id = p_run AND (t.position = 0 OR t.kind <> 'video')
                  AND t.name IN (SELECT n.track FROM jsonb_to_recordset(p_chunks) AS n (track text))) THEN
        PERFORM private.offer_video_run(p_run, p_url);
    END IF;
    RETURN true;
END
$$;

-- Nothing follows in these tracks. What is beyond p_chunks was begun before the source's end was known, and goes.
CREATE OR REPLACE FUNCTION private.complete_video_tracks(p_run uuid, p_url text, p_tracks text[], p_chunks integer)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT private.hold_video_run(p_run) THEN
        RETURN false;
    END IF;
    DELETE FROM private.video_chunks c WHERE c.run_id = p_run AND c.track = ANY (p_tracks) AND c.number >= p_chunks;
    -- A sound that could not be decoded is no choice for anybody.
    DELETE FROM private.video_tracks t WHERE t.run_id = p_run AND t.name = ANY (p_tracks)
       AND NOT EXISTS (SELECT FROM private.video_chunks c WHERE (c.run_id, c.track) = (t.run_id, t.name));
    UPDATE private.video_tracks t SET is_complete = true
     WHERE t.run_id = p_run AND t.name = ANY (p_tracks) AND NOT t.is_complete;
    IF FOUND THEN
        PERFORM private.offer_video_run(p_run, p_url);
    END IF;
    RETURN true;
END
$$;

-- All of it is there: the video is ready, and its row says what was measured.
CREATE OR REPLACE FUNCTION private.finish_video_run(p_run uuid, p_url text, p_warnings jsonb)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Whoever came so far may have died before it could say so.
    IF private.is_video_run_kept(p_run) THEN
        RETURN true;
    END IF;
    IF NOT private.hold_video_run(p_run) THEN
        RETURN false;
    END IF;
    PERFORM private.describe_video_run(
        p_run, (SELECT r.report || jsonb_build_object('warnings', p_warnings) FROM private.video_runs r WHERE r.id = p_run),
        NULL);
    RETURN private.complete_video_run(p_run, jsonb_build_object(
        'hls_url', p_url, 'quality', private.video_quality(p_run), 'renditions', private.video_renditions(p_run),
        'duration', private.video_duration(p_run)));
END
$$;

-- The poster's bytes are there, and private.doom_version has named them: the row of the object, as its owner's, and the
-- address for the video's row, which shows it with the next that is published.
CREATE OR REPLACE FUNCTION private.note_video_poster(p_run uuid, p_address text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.video_runs r
       SET published = coalesce(r.published, '{}') || jsonb_build_object('thumbnail_url', p_address) WHERE r.id = p_run;
$$;

CREATE OR REPLACE FUNCTION private.put_video_poster(
    p_run uuid, p_owner uuid, p_name text, p_version uuid, p_metadata jsonb, p_address text
) RETURNS boolean LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT private.hold_video_run(p_run) THEN
        RETURN false;
    END IF;
    PERFORM private.note_video_poster(p_run, p_address);
    PERFORM private.effect_act_as(p_owner);
    INSERT INTO storage.objects (bucket_id, name, owner, version, metadata)
    VALUES ('thumbnails', p_name, p_owner, p_version, p_metadata)
    ON CONFLICT (bucket_id, name) DO NOTHING;
    PERFORM set_config('role', 'none', true);
    RETURN true;
END
$$;

CALL private.give_to_platform(ARRAY[
    'hold_video_run', 'is_video_run_kept', 'keep_video_tracks', 'keep_video_plan', 'video_work', 'video_track_chunks',
    'video_share', 'is_video_playable', 'video_quality', 'video_renditions', 'video_duration', 'offer_video_run',
    'add_video_chunks', 'complete_video_tracks', 'finish_video_run', 'note_video_poster', 'put_video_poster'
]);
GRANT EXECUTE ON FUNCTION
    private.hold_video_run(uuid), private.is_video_run_kept(uuid), private.keep_video_plan(uuid, jsonb, jsonb, jsonb), private.video_work(uuid),
    private.video_track_chunks(uuid, text),
    private.add_video_chunks(uuid, text, jsonb, jsonb, text[], integer),
    private.complete_video_tracks(uuid, text, text[], integer), private.finish_video_run(uuid, text, jsonb),
    private.note_video_poster(uuid, text), private.put_video_poster(uuid, uuid, text, uuid, jsonb, text)
TO zworker;
