-- Who has watched what. A post of a player tells intervals of the video; all that may be believed of them is worked out
-- here, in one statement, under a lock of the video: so posts at once, repeated or out of order add up all the same.

CREATE OR REPLACE FUNCTION private.milliseconds_of(p_ranges int8multirange) RETURNS bigint
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM unnest(p_ranges) r;
$$;

CREATE OR REPLACE FUNCTION private.first_milliseconds(p_ranges int8multirange, p_most bigint) RETURNS int8multirange
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT range_agg(int8range(lower(r), least(upper(r), (lower(r) + p_most - before)::bigint)))
      FROM (SELECT r, coalesce(sum(upper(r) - lower(r)) OVER (
                ORDER BY r ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM unnest(p_ranges) r) AS u
     WHERE before < p_most;
$$;

-- What of some intervals is new and can be believed: at most p_left milliseconds, inside of the video, and in no more
-- pieces than one can watch. Answers the whole that is then watched.
CREATE OR REPLACE FUNCTION private.add_watched(
    p_watched int8multirange, p_from bigint[], p_to bigint[], p_left bigint, p_length bigint
) RETURNS int8multirange LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_watched int8multirange := p_watched;
    v_next int8multirange;
    v_piece int8multirange;
    v_left bigint := p_left;
    v_end bigint;
BEGIN
    FOR i IN 1 .. cardinality(p_from) LOOP
        EXIT WHEN v_left <= 0;
        v_end := least(p_to[i], p_length);
        CONTINUE WHEN p_from[i] >= v_end;
        v_piece := int8multirange(int8range(p_from[i], v_end)) - v_watched;
        IF private.milliseconds_of(v_piece) > v_left THEN
            v_piece := private.first_milliseconds(v_piece, v_left);
        END IF;
        v_next := v_watched + v_piece;
        CONTINUE WHEN (SELECT count(*) FROM unnest(v_next)) > 1000;
        v_left := v_left - private.milliseconds_of(v_piece);
        v_watched := v_next;
    END LOOP;
    RETURN v_watched;
END
$$;

-- Takes a post. A session is believed as much of the video as time has passed since it began, times its rate, and 5 s
-- more; it began with its first post, or a minute before that if the grant is as old. outcome:
--   counted; owner (nothing is kept of those); full (so many sessions of a day are not kept); refused.
CREATE OR REPLACE FUNCTION private.record_watch(
    p_video uuid, p_generation integer, p_viewer text, p_session text, p_issued_at timestamptz, p_rate double precision,
    p_from bigint[], p_to bigint[], OUT outcome text, OUT watched bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_day date := (v_now AT TIME ZONE 'UTC')::date;
    v_owner uuid;
    v_length bigint;
    v_known private.watch_sessions;
    v_is_new boolean;
    v_watched int8multirange;
    v_before bigint;
    v_view boolean;
    v_reached integer[];
BEGIN
    watched := 0;
    SELECT v.user_id, round(private.playable_seconds(r, v.duration) * 1000)
      INTO v_owner, v_length
      FROM public.videos v LEFT JOIN LATERAL private.playable_run(v.id, NULL) r ON true
     WHERE v.id = p_video AND p_generation = coalesce(
         (SELECT g.generation FROM private.playback_generations g WHERE g.video_id = p_video), 0);
    IF NOT FOUND THEN
        outcome := 'refused';
        RETURN;
    ELSIF p_viewer = v_owner::text THEN
        outcome := 'owner';
        RETURN;
    END IF;
    PERFORM FROM public.videos v WHERE v.id = p_video FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'refused';
        RETURN;
    END IF;
    SELECT * INTO v_known FROM private.watch_sessions s
     WHERE s.video_id = p_video AND s.day = v_day AND s.viewer = p_viewer AND s.session = p_session;
    v_is_new := NOT FOUND;
    -- Of a video, and of all that its owner has: exact for the one, and for all others but for those that come at once.
    IF v_is_new AND (100000 <= (
            SELECT d.sessions FROM private.watch_days d WHERE d.video_id = p_video AND d.day = v_day)
        OR 1000000 <= (
            SELECT sum(d.sessions) FROM private.watch_days d WHERE d.owner_id = v_owner AND d.day = v_day)) THEN
        outcome := 'full';
        RETURN;
    END IF;
    outcome := 'counted';
    v_known.started_at := coalesce(v_known.started_at, greatest(p_issued_at, v_now - interval '1 minute'));
    v_known.watched := coalesce(v_known.watched, '{}');
    v_before := private.milliseconds_of(v_known.watched);
    v_watched := private.add_watched(
        v_known.watched, p_from, p_to,
        (extract(epoch FROM v_now - v_known.started_at) * 1000 * p_rate)::bigint + 5000 - v_before,
        v_length);
    watched := private.milliseconds_of(v_watched);
    IF watched = v_before AND NOT v_is_new THEN
        RETURN;
    END IF;
    v_view := NOT coalesce(v_known.is_view, false) AND watched > 0 AND watched >= least(10000, v_length / 2);
    v_reached := ARRAY(
        SELECT CASE WHEN v_watched @> p.place AND NOT v_known.watched @> p.place THEN 1 ELSE 0 END
          FROM (SELECT n, ((n + 0.5) * coalesce(v_length, 0) / 100)::bigint AS place FROM generate_series(0, 99) n) AS p
         ORDER BY p.n);
    INSERT INTO private.watch_sessions AS s (video_id, day, viewer, session, started_at, watched, is_view)
    VALUES (p_video, v_day, p_viewer, p_session, v_known.started_at, v_watched, v_view)
    ON CONFLICT (video_id, day, viewer, session)
    DO UPDATE SET watched = excluded.watched, is_view = s.is_view OR excluded.is_view;
    -- Whole seconds of the session: what is left over counts with its next post.
    INSERT INTO private.watch_days AS d (video_id, owner_id, day, sessions, views, watch_time, reached)
    VALUES (p_video, v_owner, v_day, v_is_new::integer, v_view::integer, watched / 1000 - v_before / 1000, v_reached)
    ON CONFLICT (video_id, day) DO UPDATE SET
        sessions = d.sessions + excluded.sessions, views = d.views + excluded.views,
        watch_time = d.watch_time + excluded.watch_time,
        reached = ARRAY(SELECT u.a + u.b FROM unnest(d.reached, excluded.reached) WITH ORDINALITY AS u (a, b, n) ORDER BY u.n);
    IF v_view OR watched / 1000 > v_before / 1000 THEN
        UPDATE public.videos v
           SET views = v.views + v_view::integer, watch_time = v.watch_time + watched / 1000 - v_before / 1000
         WHERE v.id = p_video;
    END IF;
END
$$;

-- What came of a video of the caller's in the last days, the newest first. Null: there is none.
CREATE OR REPLACE FUNCTION private.video_statistics(p_video uuid, p_days integer) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH days AS (
        SELECT d.* FROM private.watch_days d
         WHERE d.video_id = p_video AND d.day > (now() AT TIME ZONE 'UTC')::date - p_days
    ), reached AS (
        SELECT u.n, sum(u.hits) AS hits FROM days, unnest(days.reached) WITH ORDINALITY AS u (hits, n) GROUP BY u.n
    )
    SELECT json_build_object(
        'views', v.views, 'watch_time', v.watch_time,
        'sessions', (SELECT coalesce(sum(sessions), 0) FROM days),
        'days', (SELECT coalesce(json_agg(json_build_object(
            'day', d.day, 'views', d.views, 'watch_time', d.watch_time, 'sessions', d.sessions) ORDER BY d.day DESC), '[]')
            FROM days d),
        'retention', (SELECT coalesce(json_agg(round(
            reached.hits::numeric / greatest(1, (SELECT sum(sessions) FROM days)), 4) ORDER BY reached.n), '[]') FROM reached)
    )::text
    FROM public.videos v WHERE v.id = p_video AND v.user_id = auth.uid();
$$;

-- Removes sessions of days that are over, for which nothing can come any more; how many.
CREATE OR REPLACE FUNCTION private.trim_watch_sessions(p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_removed integer;
BEGIN
    DELETE FROM private.watch_sessions s USING (
        SELECT o.video_id, o.day, o.viewer, o.session FROM private.watch_sessions o
         WHERE o.day < (now() AT TIME ZONE 'UTC')::date - 1 ORDER BY o.day LIMIT p_limit
    ) AS old
    WHERE (s.video_id, s.day, s.viewer, s.session) = (old.video_id, old.day, old.viewer, old.session);
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    RETURN v_removed;
END
$$;

ALTER FUNCTION private.milliseconds_of(int8multirange) OWNER TO zplatform;
ALTER FUNCTION private.first_milliseconds(int8multirange, bigint) OWNER TO zplatform;
ALTER FUNCTION private.add_watched(int8multirange, bigint[], bigint[], bigint, bigint) OWNER TO zplatform;
ALTER FUNCTION private.record_watch(
    uuid, integer, text, text, timestamptz, double precision, bigint[], bigint[]) OWNER TO zplatform;
ALTER FUNCTION private.video_statistics(uuid, integer) OWNER TO zplatform;
ALTER FUNCTION private.trim_watch_sessions(integer) OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION
    private.milliseconds_of(int8multirange), private.first_milliseconds(int8multirange, bigint),
    private.add_watched(int8multirange, bigint[], bigint[], bigint, bigint),
    private.record_watch(uuid, integer, text, text, timestamptz, double precision, bigint[], bigint[]),
    private.video_statistics(uuid, integer), private.trim_watch_sessions(integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    private.record_watch(uuid, integer, text, text, timestamptz, double precision, bigint[], bigint[]) TO zservice;
GRANT EXECUTE ON FUNCTION private.video_statistics(uuid, integer) TO authenticated;
GRANT EXECUTE ON FUNCTION private.trim_watch_sessions(integer) TO zworker;
