-- Runs of the processing of videos, from their beginning to their end. What a video's row says of its processing is
-- written in the same statements. Every function may be repeated safely, and the first end of a run wins.
-- Order of locks everywhere below: the video first, then its runs; so two of them never wait for each other.
--
--   begin    private.begin_video_run: the row, `pending`; Temporal is told after its commit (start_due_at is the net)
--   work     private.enter_video_run, and what video_tracks.sql has, by way of describe_video_run, set_video_progress and
--            publish_video_run: false or null once the run is over
--   end      private.finish_video_run by way of complete_video_run; fail_video_run, cancel_video_run
--
-- Objects of a run are under the prefix `video/{run}/`, its poster is `{owner}/{video}/{run}.jpg` in `thumbnails`. When a
-- run fails, is superseded, or goes with its video, both are left to the sweep (private.due_prefixes).

DROP FUNCTION IF EXISTS private.begin_video_run(uuid, boolean, integer, interval);
DROP FUNCTION IF EXISTS private.claim_video_starts(interval, integer);
DROP FUNCTION IF EXISTS private.open_video_runs(interval, uuid, integer);

-- Whoever follows a video hears that there is something new; what it is, the row says.
CREATE OR REPLACE FUNCTION private.announce_video(p_video uuid)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_notify('videos', p_video::text);
$$;

-- A run's objects belong to nobody any more from p_grace on.
CREATE OR REPLACE FUNCTION private.discard_video_run(p_run uuid, p_video uuid, p_owner uuid, p_grace interval)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO private.doomed_prefixes AS entry (prefix, due_at)
    VALUES ('video/' || p_run || '/', clock_timestamp() + p_grace)
    ON CONFLICT (prefix) DO UPDATE SET due_at = least(entry.due_at, excluded.due_at);
    DELETE FROM storage.objects o
     WHERE o.bucket_id = 'thumbnails' AND o.name = p_owner || '/' || p_video || '/' || p_run || '.jpg';
END
$$;

-- A video that is deleted takes its runs along, and they their objects; a minute for those who watch.
CREATE OR REPLACE FUNCTION private.discard_deleted_video_run() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM private.discard_video_run(old.id, old.video_id, old.user_id, interval '1 minute');
    PERFORM private.announce_video(old.video_id);
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER discard_deleted_video_run AFTER DELETE ON private.video_runs
    FOR EACH ROW EXECUTE FUNCTION private.discard_deleted_video_run();

-- Begins the processing of a video of the caller's, or finds the run that there is. What came of it is said in `outcome`:
--   created, open (the run that is under way), known (it is ready, made of these very bytes; p_force makes it anew);
--   where other bytes were uploaded since it began, or it is to be cancelled, that run is over and another is created;
--   missing, no_upload (it says no storage_path), no_object (nothing is there), full (p_most_open runs of the owner's).
-- p_start_within is how long the caller has to start it before the workers do. row_json is the video's row.
CREATE FUNCTION private.begin_video_run(
    p_video uuid, p_force boolean, p_most_open integer, p_start_within interval,
    OUT outcome text, OUT run_id uuid, OUT owner_id uuid, OUT source_version uuid, OUT source_size bigint,
    OUT row_json text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_video public.videos;
    v_open private.video_runs;
BEGIN
    owner_id := auth.uid();
    -- One after the other, so that the limit is exact.
    PERFORM pg_advisory_xact_lock(hashtextextended('video_runs ' || owner_id, 0));
    SELECT v.* INTO v_video FROM public.videos v WHERE v.id = p_video AND v.user_id = owner_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'missing';
        RETURN;
    END IF;
    row_json := row_to_json(v_video)::text;

    SELECT r.* INTO v_open FROM private.video_runs r WHERE r.video_id = p_video AND r.status IN ('pending', 'running');
    SELECT o.version, (o.metadata->>'size')::bigint INTO source_version, source_size FROM storage.objects o
     WHERE o.bucket_id = 'videos' AND o.name = v_video.storage_path AND jsonb_typeof(o.metadata->'size') = 'number';
    IF v_open.id IS NOT NULL AND v_open.cancel_requested_at IS NULL
       AND v_open.source_version = coalesce(source_version, v_open.source_version) THEN
        outcome := 'open';
        run_id := v_open.id;
        source_version := v_open.source_version;
        source_size := v_open.source_size;
        RETURN;
    END IF;

    IF source_version IS NULL THEN
        outcome := CASE WHEN v_video.storage_path IS NULL THEN 'no_upload' ELSE 'no_object' END;
        RETURN;
    END IF;

    IF NOT p_force AND v_video.status = 'ready' THEN
        SELECT r.id INTO run_id FROM private.video_runs r
         WHERE r.id = private.last_video_run(p_video, owner_id) AND r.source_version = begin_video_run.source_version;
        IF FOUND THEN
            outcome := 'known';
            RETURN;
        END IF;
    END IF;

    IF p_most_open <= (
        SELECT count(*) FROM private.video_runs r
         WHERE r.user_id = owner_id AND r.status IN ('pending', 'running') AND r.id IS DISTINCT FROM v_open.id
    ) THEN
        outcome := 'full';
        RETURN;
    END IF;
    IF v_open.id IS NOT NULL THEN
        -- The row never says that it is ready again, or failed: others would act on that.
        PERFORM private.drop_video_run(v_open.id, 'cancelled', CASE WHEN v_open.cancel_requested_at IS NULL THEN
            '{"code": "SOURCE_REPLACED", "details": {}, "message":
            "Another file was uploaded while this one was processed: that one is processed instead."}'
            ELSE '{"code": "PROCESSING_CANCELLED", "message": "The processing was cancelled.", "details": {}}' END::jsonb);
        PERFORM private.show_video_run(p_video, private.last_video_run(p_video, owner_id), 'processing', 0, NULL);
    END IF;
    outcome := 'created';
    INSERT INTO private.video_runs AS r (video_id, user_id, source_version, source_size, start_due_at)
    VALUES (p_video, owner_id, source_version, source_size, now() + p_start_within) RETURNING r.id INTO run_id;
    UPDATE public.videos v SET status = 'processing', progress = 0, error_message = NULL
     WHERE v.id = p_video RETURNING row_to_json(v)::text INTO row_json;
    PERFORM private.announce_video(p_video);
END
$$;

-- The run that players got last and whose objects are all there.
CREATE OR REPLACE FUNCTION private.last_video_run(p_video uuid, p_owner uuid)
RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.id FROM private.video_runs r
     WHERE r.video_id = p_video AND r.user_id = p_owner AND r.status = 'completed' ORDER BY r.id DESC LIMIT 1;
$$;

-- Locks the video of a run that is still open; null where there is none.
CREATE OR REPLACE FUNCTION private.lock_video_of(p_run uuid)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_video uuid;
BEGIN
    SELECT v.id INTO v_video FROM private.video_runs r JOIN public.videos v ON v.id = r.video_id
     WHERE r.id = p_run FOR NO KEY UPDATE OF v;
    PERFORM FROM private.video_runs r WHERE r.id = p_run AND r.status IN ('pending', 'running');
    RETURN CASE WHEN FOUND THEN v_video END;
END
$$;

-- The workflow has taken it up. False: it has ended, is gone, or is to be cancelled; then nothing is to be done for it.
CREATE OR REPLACE FUNCTION private.enter_video_run(p_run uuid)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.video_runs r
       SET status = 'running', started_at = coalesce(r.started_at, clock_timestamp()), start_due_at = NULL
     WHERE r.id = p_run AND r.status IN ('pending', 'running') AND r.cancel_requested_at IS NULL;
    SELECT EXISTS (
        SELECT FROM private.video_runs r WHERE r.id = p_run AND r.status = 'running' AND r.cancel_requested_at IS NULL
    );
$$;

-- What was found out about the source, and how it will be encoded. Null leaves what there is. False as above.
CREATE OR REPLACE FUNCTION private.describe_video_run(p_run uuid, p_report jsonb, p_plan jsonb)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.video_runs r SET report = coalesce(p_report, r.report), plan = coalesce(p_plan, r.plan)
     WHERE r.id = p_run AND r.status IN ('pending', 'running');
    SELECT EXISTS (
        SELECT FROM private.video_runs r WHERE r.id = p_run AND r.status = 'running' AND r.cancel_requested_at IS NULL
    );
$$;

-- Percent of the processing; it never falls, and the last one comes with the end. False as above.
CREATE OR REPLACE FUNCTION private.set_video_progress(p_run uuid, p_progress integer)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_progress integer := least(greatest(p_progress, 0), 99);
    v_video uuid;
BEGIN
    -- Most reports change nothing, and lock nothing.
    IF EXISTS (SELECT FROM private.video_runs r
                WHERE r.id = p_run AND r.status IN ('pending', 'running') AND r.progress < v_progress) THEN
        v_video := private.lock_video_of(p_run);
        UPDATE private.video_runs r SET progress = v_progress
         WHERE r.id = p_run AND v_video IS NOT NULL AND r.progress < v_progress;
        IF FOUND THEN
            UPDATE public.videos v SET progress = v_progress WHERE v.id = v_video AND v.progress < v_progress;
            PERFORM private.announce_video(v_video);
        END IF;
    END IF;
    RETURN EXISTS (
        SELECT FROM private.video_runs r WHERE r.id = p_run AND r.status = 'running' AND r.cancel_requested_at IS NULL
    );
END
$$;

-- Lets the video's row show what a run has published; nothing of any run where p_run is null. A thumbnail that the owner
-- chose stays: only one that a run brought gives way, when there is another or at the end.
CREATE OR REPLACE FUNCTION private.show_video_run(
    p_video uuid, p_run uuid, p_status text, p_progress integer, p_error text
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.videos v
       SET status = p_status, progress = p_progress, error_message = p_error,
           hls_url = p.shown->>'hls_url',
           quality = coalesce(p.shown->>'quality', v.quality),
           renditions = coalesce(p.shown->'renditions', '[]'),
           duration = (p.shown->>'duration')::double precision,
           thumbnail_url = CASE WHEN v.thumbnail_url IS NULL OR EXISTS (
                   SELECT FROM private.video_runs o WHERE o.video_id = v.id AND o.published->>'thumbnail_url' = v.thumbnail_url
               ) THEN coalesce(p.shown->>'thumbnail_url', CASE WHEN p_status = 'processing' AND p_run IS NOT NULL THEN v.thumbnail_url END)
               ELSE v.thumbnail_url END
      FROM (SELECT (SELECT r.published FROM private.video_runs r WHERE r.id = p_run) AS shown) AS p
     WHERE v.id = p_video;
    SELECT private.announce_video(p_video);
$$;

-- Players get what there is from now on. p_published says all or some of {hls_url, quality, renditions, duration,
-- thumbnail_url}; what it does not name stays as it was published before. Answers the new revision, null as above.
CREATE OR REPLACE FUNCTION private.publish_video_run(p_run uuid, p_published jsonb)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_video uuid := private.lock_video_of(p_run);
    v_revision integer;
    v_progress integer;
BEGIN
    UPDATE private.video_runs r
       SET revision = r.revision + 1, published = coalesce(r.published, '{}') || coalesce(p_published, '{}')
     WHERE r.id = p_run AND v_video IS NOT NULL AND r.cancel_requested_at IS NULL
    RETURNING r.revision, r.progress INTO v_revision, v_progress;
    IF FOUND THEN
        PERFORM private.show_video_run(v_video, p_run, 'processing', v_progress, NULL);
    END IF;
    RETURN v_revision;
END
$$;

-- All of it is there. Runs before it are superseded: players that began with them have six hours to end. False: it had
-- ended before, is gone, or is to be cancelled.
CREATE OR REPLACE FUNCTION private.complete_video_run(p_run uuid, p_published jsonb)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_video uuid := private.lock_video_of(p_run);
    v_before private.video_runs;
BEGIN
    UPDATE private.video_runs r
       SET status = 'completed', progress = 100, revision = r.revision + 1, completed_at = clock_timestamp(),
           start_due_at = NULL, published = coalesce(r.published, '{}') || coalesce(p_published, '{}')
     WHERE r.id = p_run AND v_video IS NOT NULL AND r.cancel_requested_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM private.show_video_run(v_video, p_run, 'ready', 100, NULL);
    FOR v_before IN
        SELECT r.* FROM private.video_runs r
         WHERE r.video_id = v_video AND r.status = 'completed' AND r.id <> p_run
           AND EXISTS (SELECT FROM private.video_tracks t WHERE t.run_id = r.id)
    LOOP
        PERFORM private.discard_video_run(v_before.id, v_video, v_before.user_id, interval '6 hours');
    END LOOP;
    RETURN true;
END
$$;

-- A run ends without what was wanted, and nothing of it stays. Its video; null: it had ended before, or is gone.
CREATE OR REPLACE FUNCTION private.drop_video_run(p_run uuid, p_status text, p_error jsonb)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_video uuid := private.lock_video_of(p_run);
    v_owner uuid;
BEGIN
    UPDATE private.video_runs r
       SET status = p_status, error = p_error, completed_at = clock_timestamp(), start_due_at = NULL
     WHERE r.id = p_run AND v_video IS NOT NULL RETURNING r.user_id INTO v_owner;
    IF FOUND THEN
        DELETE FROM private.video_tracks t WHERE t.run_id = p_run;
        PERFORM private.discard_video_run(p_run, v_video, v_owner, interval '0');
    END IF;
    RETURN v_video;
END
$$;

-- The same, and the video's row shows the completed run before, or the reason. False where that says null.
CREATE OR REPLACE FUNCTION private.revert_video_run(p_run uuid, p_status text, p_error jsonb)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_video uuid := private.drop_video_run(p_run, p_status, p_error);
    v_before uuid := (SELECT private.last_video_run(r.video_id, r.user_id) FROM private.video_runs r WHERE r.id = p_run);
BEGIN
    IF v_video IS NULL THEN
        RETURN false;
    ELSIF v_before IS NOT NULL THEN
        PERFORM private.show_video_run(v_video, v_before, 'ready', 100, NULL);
    ELSE
        PERFORM private.show_video_run(v_video, NULL, 'error', 0, p_error->>'message');
    END IF;
    RETURN true;
END
$$;

-- p_error is {code, message, details}; the message is for the video's owner.
CREATE OR REPLACE FUNCTION private.fail_video_run(p_run uuid, p_error jsonb)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT private.revert_video_run(p_run, 'failed', p_error);
$$;

CREATE OR REPLACE FUNCTION private.cancel_video_run(p_run uuid)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT private.revert_video_run(
        p_run, 'cancelled', '{"code": "PROCESSING_CANCELLED", "message": "The processing was cancelled.", "details": {}}');
$$;

-- The caller wants the open run of a video to end. `outcome`: missing, ended (none is open), cancelled (it had not begun),
-- requested (its workflow is to be told).
CREATE OR REPLACE FUNCTION private.request_video_cancel(p_video uuid, OUT outcome text, OUT run_id uuid, OUT row_json text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_status text;
BEGIN
    PERFORM FROM public.videos v WHERE v.id = p_video AND v.user_id = auth.uid() FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'missing';
        RETURN;
    END IF;
    UPDATE private.video_runs r SET cancel_requested_at = coalesce(r.cancel_requested_at, clock_timestamp())
     WHERE r.video_id = p_video AND r.status IN ('pending', 'running') RETURNING r.id, r.status INTO run_id, v_status;
    outcome := CASE v_status WHEN 'pending' THEN 'cancelled' WHEN 'running' THEN 'requested' ELSE 'ended' END;
    IF outcome = 'cancelled' THEN
        PERFORM private.cancel_video_run(run_id);
    END IF;
    SELECT row_to_json(v)::text INTO row_json FROM public.videos v WHERE v.id = p_video;
END
$$;

-- Takes up to p_limit runs whose start is due. They are due again after p_again, should whoever took them die.
CREATE FUNCTION private.claim_video_starts(p_again interval, p_limit integer)
RETURNS TABLE (run_id uuid, video_id uuid, owner_id uuid, source_version uuid, source_size bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.video_runs SET start_due_at = now() + p_again WHERE id = ANY (ARRAY(
        SELECT r.id FROM private.video_runs r
         WHERE r.start_due_at <= now() ORDER BY r.start_due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )) RETURNING id, video_runs.video_id, user_id, video_runs.source_version, video_runs.source_size;
$$;

-- These are known to Temporal.
CREATE OR REPLACE FUNCTION private.forget_video_starts(p_runs uuid[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.video_runs SET start_due_at = NULL WHERE id = ANY (p_runs) AND start_due_at IS NOT NULL;
$$;

-- Runs without an end that began longer ago than p_older_than, in pages by id.
CREATE FUNCTION private.open_video_runs(p_older_than interval, p_after uuid, p_limit integer)
RETURNS TABLE (
    run_id uuid, video_id uuid, owner_id uuid, source_version uuid, source_size bigint, status text, is_to_end boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.id, r.video_id, r.user_id, r.source_version, r.source_size, r.status, r.cancel_requested_at IS NOT NULL
      FROM private.video_runs r
     WHERE r.status IN ('pending', 'running') AND r.created_at < now() - p_older_than
       AND (p_after IS NULL OR r.id > p_after)
     ORDER BY r.id LIMIT p_limit;
$$;

-- Prefixes whose time has come. What is under them goes next: no row may point there from now on.
CREATE OR REPLACE FUNCTION private.due_prefixes(p_limit integer)
RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_due text[] := ARRAY(
        SELECT d.prefix FROM private.doomed_prefixes d WHERE d.due_at <= clock_timestamp() ORDER BY d.due_at LIMIT p_limit
    );
BEGIN
    DELETE FROM private.video_tracks t WHERE t.run_id IN (
        SELECT split_part(d.prefix, '/', 2)::uuid FROM unnest(v_due) AS d (prefix)
         WHERE d.prefix ~ '^video/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/$'
    );
    RETURN QUERY SELECT unnest(v_due);
END
$$;

-- Nothing is under them now. Whoever was still writing may come late, so each is looked at once more, a day later.
CREATE OR REPLACE FUNCTION private.forget_prefixes(p_prefixes text[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM private.doomed_prefixes d
     WHERE d.prefix = ANY (p_prefixes) AND d.swept_at IS NOT NULL AND d.due_at <= clock_timestamp();
    UPDATE private.doomed_prefixes d SET swept_at = clock_timestamp(), due_at = clock_timestamp() + interval '1 day'
     WHERE d.prefix = ANY (p_prefixes) AND d.swept_at IS NULL;
$$;

CALL private.give_to_platform(ARRAY[
    'announce_video', 'discard_video_run', 'discard_deleted_video_run', 'begin_video_run', 'last_video_run',
    'lock_video_of', 'enter_video_run', 'describe_video_run', 'set_video_progress', 'show_video_run',
    'publish_video_run', 'complete_video_run', 'drop_video_run', 'revert_video_run', 'fail_video_run',
    'cancel_video_run', 'request_video_cancel', 'claim_video_starts', 'forget_video_starts', 'open_video_runs',
    'due_prefixes', 'forget_prefixes'
]);
GRANT EXECUTE ON FUNCTION
    private.begin_video_run(uuid, boolean, integer, interval), private.request_video_cancel(uuid)
TO authenticated;
GRANT EXECUTE ON FUNCTION private.forget_video_starts(uuid[]) TO zapi;
GRANT EXECUTE ON FUNCTION
    private.enter_video_run(uuid), private.fail_video_run(uuid, jsonb), private.cancel_video_run(uuid),
    private.claim_video_starts(interval, integer), private.forget_video_starts(uuid[]),
    private.open_video_runs(interval, uuid, integer), private.due_prefixes(integer), private.forget_prefixes(text[])
TO zworker;
