-- Who may pass the gateway, asked and counted in one round trip. Limits are exact in any sixty seconds, over any number of API
-- processes: a window counts by the second, and the second that it covers in part counts in full. Whoever is over a limit is
-- only read, never written. Rows are locked in one order: quota, window of the key, window of the endpoint; nothing else is
-- locked meanwhile, and who deletes what they are of does not wait for them.

-- A window as it stands at a moment: what is older than a minute no longer counts. A clock that was set back makes no room; if
-- it was ahead by more than a minute, what it counted is not waited for.
CREATE OR REPLACE FUNCTION private.window_at(w private.gateway_windows, p_now timestamptz) RETURNS private.gateway_windows
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_second bigint := floor(extract(epoch FROM p_now));
BEGIN
    IF w.newest IS NULL OR abs(w.newest - v_second) > 60 THEN
        w.counts := array_fill(0, ARRAY[61]);
        w.total := 0;
        w.oldest := v_second;
        w.newest := v_second;
    END IF;
    WHILE w.oldest < v_second - 60 LOOP
        w.total := w.total - w.counts[w.oldest % 61 + 1];
        w.counts[w.oldest % 61 + 1] := 0;
        w.oldest := w.oldest + 1;
    END LOOP;
    w.newest := greatest(w.newest, v_second);
    RETURN w;
END
$$;

-- The same with one more request in it.
CREATE OR REPLACE FUNCTION private.window_with(w private.gateway_windows) RETURNS private.gateway_windows
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    w.total := w.total + 1;
    w.counts[w.newest % 61 + 1] := w.counts[w.newest % 61 + 1] + 1;
    RETURN w;
END
$$;

-- In how many seconds one request more than now will fit.
CREATE OR REPLACE FUNCTION private.window_reset(w private.gateway_windows, p_limit integer, p_now timestamptz) RETURNS numeric
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_second bigint := w.oldest;
    v_to_leave integer := greatest(w.total - p_limit + 1, 1);
BEGIN
    IF w.total = 0 THEN
        RETURN 0;
    END IF;
    WHILE v_second < w.newest LOOP
        v_to_leave := v_to_leave - w.counts[v_second % 61 + 1];
        EXIT WHEN v_to_leave <= 0;
        v_second := v_second + 1;
    END LOOP;
    RETURN round(v_second + 61 - extract(epoch FROM p_now), 3);
END
$$;

-- Where limits stand, as JSON text: what every request is told. Limits that are null are none.
CREATE OR REPLACE FUNCTION private.gateway_limits(
    k private.gateway_windows, p_key_limit integer, e private.gateway_windows, p_endpoint_limit integer,
    q private.gateway_quotas, p_daily integer, p_monthly integer, p_now timestamptz
) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_text text := private.limit_text(
        'endpoint', p_endpoint_limit, 60, e.total, private.window_reset(e, p_endpoint_limit, p_now));
BEGIN
    IF p_key_limit IS NOT NULL THEN
        v_text := private.limit_text('key', p_key_limit, 60, k.total, private.window_reset(k, p_key_limit, p_now))
            || ',' || v_text;
    END IF;
    IF p_daily IS NOT NULL THEN
        v_text := v_text || ',' || private.limit_text('day', p_daily, 86400, q.day_count, private.day_reset(q, p_now));
    END IF;
    IF p_monthly IS NOT NULL THEN
        v_text := v_text || ',' || private.limit_text(
            'month', p_monthly, extract(epoch FROM q.month + interval '1 month' - q.month)::integer, q.month_count,
            private.month_reset(q, p_now));
    END IF;
    RETURN '[' || v_text || ']';
END
$$;

CREATE OR REPLACE FUNCTION private.limit_text(
    p_name text, p_quota integer, p_window integer, p_used integer, p_reset numeric
) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('{"name":"%s","quota":%s,"window":%s,"remaining":%s,"reset":%s}',
                  p_name, p_quota, p_window, greatest(p_quota - p_used, 0), p_reset);
$$;

-- In how many seconds the day of a quota ends, and its month (UTC).
CREATE OR REPLACE FUNCTION private.day_reset(q private.gateway_quotas, p_now timestamptz) RETURNS numeric
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT round(extract(epoch FROM q.day + 1) - extract(epoch FROM p_now), 3);
$$;

CREATE OR REPLACE FUNCTION private.month_reset(q private.gateway_quotas, p_now timestamptz) RETURNS numeric
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT round(extract(epoch FROM q.month + interval '1 month') - extract(epoch FROM p_now), 3);
$$;

-- Why a request may not pass, and in how many seconds it might; both null: it may.
CREATE OR REPLACE FUNCTION private.gateway_denial(
    k private.gateway_windows, p_key_limit integer, e private.gateway_windows, p_endpoint_limit integer,
    q private.gateway_quotas, p_daily integer, p_monthly integer, p_now timestamptz,
    OUT outcome text, OUT retry_after double precision
) LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN q.day_count >= p_daily OR q.month_count >= p_monthly THEN 'over_quota'
                WHEN k.total >= p_key_limit OR e.total >= p_endpoint_limit THEN 'over_limit' END,
           greatest(CASE WHEN k.total >= p_key_limit THEN private.window_reset(k, p_key_limit, p_now) END,
                    CASE WHEN e.total >= p_endpoint_limit THEN private.window_reset(e, p_endpoint_limit, p_now) END,
                    CASE WHEN q.day_count >= p_daily THEN private.day_reset(q, p_now) END,
                    CASE WHEN q.month_count >= p_monthly THEN private.month_reset(q, p_now) END);
$$;

-- The counters of a quota as they stand at a moment: a new day and a new month begin at none. As above, what a clock that is
-- set back a little has begun stays begun.
CREATE OR REPLACE FUNCTION private.quota_at(q private.gateway_quotas, p_now timestamptz) RETURNS private.gateway_quotas
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_day date := (p_now AT TIME ZONE 'UTC')::date;
    v_month date := date_trunc('month', p_now AT TIME ZONE 'UTC')::date;
BEGIN
    IF q.day IS NULL OR q.day NOT BETWEEN v_day AND v_day + 1 THEN
        q.day := v_day;
        q.day_count := 0;
    END IF;
    IF q.month IS NULL OR q.month NOT BETWEEN v_month AND v_month + interval '1 month' THEN
        q.month := v_month;
        q.month_count := 0;
    END IF;
    RETURN q;
END
$$;

-- Makes the rows of counters that are missing: at the first call, and of windows at the first after a crash.
CREATE OR REPLACE FUNCTION private.open_counters(p_key uuid, p_endpoint uuid, p_has_quota boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_has_quota THEN
        INSERT INTO private.gateway_quotas (key_id) VALUES (p_key) ON CONFLICT DO NOTHING;
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO private.gateway_windows (id) VALUES (p_key) ON CONFLICT DO NOTHING;
    END IF;
    INSERT INTO private.gateway_windows (id) VALUES (p_endpoint) ON CONFLICT DO NOTHING;
END
$$;

-- Counts one request of a key (null: the owner's own) for an endpoint, in all limits or in none. p_now is null but in tests.
CREATE OR REPLACE FUNCTION private.gateway_take(
    p_key uuid, p_key_limit integer, p_daily integer, p_monthly integer, p_endpoint uuid, p_endpoint_limit integer,
    p_now timestamptz, OUT outcome text, OUT limits text, OUT retry_after double precision
) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_has_quota CONSTANT boolean := p_daily IS NOT NULL OR p_monthly IS NOT NULL;
    k private.gateway_windows;
    e private.gateway_windows;
    q private.gateway_quotas;
    v_now timestamptz := coalesce(p_now, clock_timestamp());
BEGIN
    IF p_key IS NOT NULL THEN
        SELECT * INTO k FROM private.gateway_windows r WHERE r.id = p_key;
    END IF;
    SELECT * INTO e FROM private.gateway_windows r WHERE r.id = p_endpoint;
    IF c_has_quota THEN
        SELECT * INTO q FROM private.gateway_quotas r WHERE r.key_id = p_key;
    END IF;
    -- What has run out is still in these sums: below the limit needs no closer look.
    IF k.total >= p_key_limit OR e.total >= p_endpoint_limit OR q.day_count >= p_daily OR q.month_count >= p_monthly THEN
        k := private.window_at(k, v_now);
        e := private.window_at(e, v_now);
        q := private.quota_at(q, v_now);
        SELECT d.* INTO outcome, retry_after
          FROM private.gateway_denial(k, p_key_limit, e, p_endpoint_limit, q, p_daily, p_monthly, v_now) AS d;
        IF outcome IS NOT NULL THEN
            limits := private.gateway_limits(k, p_key_limit, e, p_endpoint_limit, q, p_daily, p_monthly, v_now);
            RETURN;
        END IF;
    END IF;

    IF e.id IS NULL OR (p_key IS NOT NULL AND k.id IS NULL) OR (c_has_quota AND q.key_id IS NULL) THEN
        PERFORM private.open_counters(p_key, p_endpoint, c_has_quota);
    END IF;
    IF c_has_quota THEN
        SELECT * INTO q FROM private.gateway_quotas r WHERE r.key_id = p_key FOR NO KEY UPDATE;
    END IF;
    IF p_key IS NOT NULL THEN
        SELECT * INTO k FROM private.gateway_windows r WHERE r.id = p_key FOR NO KEY UPDATE;
    END IF;
    SELECT * INTO e FROM private.gateway_windows r WHERE r.id = p_endpoint FOR NO KEY UPDATE;
    -- Deleted just now: nothing would be counted.
    outcome := CASE
        WHEN (p_key IS NOT NULL AND k.id IS NULL) OR (c_has_quota AND q.key_id IS NULL) THEN 'bad_key'
        WHEN e.id IS NULL THEN 'no_endpoint' END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    -- After the locks, so that the moments come in the order of the counting.
    v_now := coalesce(p_now, clock_timestamp());
    k := private.window_at(k, v_now);
    e := private.window_at(e, v_now);
    q := private.quota_at(q, v_now);
    IF k.total >= p_key_limit OR e.total >= p_endpoint_limit OR q.day_count >= p_daily OR q.month_count >= p_monthly THEN
        SELECT d.* INTO outcome, retry_after
          FROM private.gateway_denial(k, p_key_limit, e, p_endpoint_limit, q, p_daily, p_monthly, v_now) AS d;
        limits := private.gateway_limits(k, p_key_limit, e, p_endpoint_limit, q, p_daily, p_monthly, v_now);
        RETURN;
    END IF;

    IF p_key IS NOT NULL THEN
        k := private.window_with(k);
        UPDATE private.gateway_windows r SET oldest = k.oldest, newest = k.newest, total = k.total, counts = k.counts
         WHERE r.id = p_key;
    END IF;
    e := private.window_with(e);
    UPDATE private.gateway_windows r SET oldest = e.oldest, newest = e.newest, total = e.total, counts = e.counts
     WHERE r.id = p_endpoint;
    IF c_has_quota THEN
        q.day_count := q.day_count + 1;
        q.month_count := least(q.month_count, 2147483646) + 1;  -- with no quota a month, it may come to this
        -- A crash may forget the last half second of these, which is no reason to wait for the disk.
        PERFORM set_config('synchronous_commit', 'off', true);
        UPDATE private.gateway_quotas r
           SET day = q.day, day_count = q.day_count, month = q.month, month_count = q.month_count
         WHERE r.key_id = p_key;
    END IF;
    limits := private.gateway_limits(k, p_key_limit, e, p_endpoint_limit, q, p_daily, p_monthly, v_now);
    outcome := 'admitted';
END
$$;

-- What the gateway is told of a request with a key, all of it: whose it is, where it goes, and where the limits stand. In
-- `outcome`: admitted; bad_key, no_endpoint, wrong_method (then `allowed` are the right ones), out_of_scope, over_limit,
-- over_quota (then `retry_after` are seconds). What is known is filled in for refusals, too: the log tells it to the owner.
CREATE OR REPLACE FUNCTION private.gateway_admit(
    p_key_digest bytea, p_method text, p_path text,
    OUT outcome text, OUT user_id uuid, OUT key_id uuid, OUT endpoint_id uuid, OUT target_url text, OUT segments text[],
    OUT timeout_ms integer, OUT sealed_headers text, OUT cache_seconds integer, OUT endpoint_version timestamptz,
    OUT allowed text[], OUT limits text, OUT retry_after double precision
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_method CONSTANT text := CASE p_method WHEN 'HEAD' THEN 'GET' ELSE p_method END;
    c_path CONSTANT text[] := private.route_segments(p_path);
    v_key public.api_keys;
    v_endpoint public.api_endpoints;
    v_is_good boolean;
    v_is_live boolean;
    v_is_published boolean;
    v_is_his boolean;
    v_owner uuid;
BEGIN
    SELECT * INTO v_key FROM public.api_keys k WHERE k.key_hash = p_key_digest;
    v_is_good := FOUND;
    IF NOT FOUND THEN
        SELECT * INTO v_key FROM public.api_keys k WHERE k.previous_key_hash = p_key_digest;
        v_is_good := FOUND AND v_key.previous_expires_at > now();
    END IF;
    user_id := v_key.user_id;
    key_id := v_key.id;
    -- A key that is no good takes the same way, through an owner who has nothing: its time tells nothing of what is wrong.
    v_is_live := private.gateway_account_ok(user_id);
    v_is_good := v_is_good AND v_is_live AND v_key.is_active AND coalesce(v_key.expires_at > now(), true);
    v_owner := CASE WHEN v_is_good THEN user_id END;
    v_endpoint := private.gateway_match(v_owner, c_method, p_path, c_path);
    IF v_endpoint.id IS NULL THEN
        allowed := private.gateway_methods(v_owner, p_path, c_path);
        v_is_published := private.is_published(p_path);
        v_is_his := EXISTS (SELECT FROM public.api_endpoints e WHERE e.user_id = v_owner AND e.path = p_path);
        outcome := CASE
            WHEN allowed IS NOT NULL THEN 'wrong_method'
            -- Of another's path, unless he has one there that is switched off: the key is told to be the wrong one.
            WHEN (v_is_published AND NOT v_is_his) OR NOT v_is_good THEN 'bad_key'
            ELSE 'no_endpoint' END;
        RETURN;
    END IF;
    endpoint_id := v_endpoint.id;
    IF NOT private.in_scope(v_key.permissions, endpoint_id, c_method, c_path) THEN
        outcome := 'out_of_scope';
        RETURN;
    END IF;
    SELECT t.* INTO outcome, limits, retry_after FROM private.gateway_take(
        key_id, v_key.rate_limit, v_key.daily_quota, v_key.monthly_quota, endpoint_id, v_endpoint.rate_limit, NULL) AS t;
    IF outcome = 'admitted' AND coalesce(v_key.last_used_at < now() - interval '1 minute', true) THEN
        PERFORM private.note_key_use(key_id);
    END IF;
    target_url := v_endpoint.target_url;
    segments := v_endpoint.segments;
    timeout_ms := v_endpoint.timeout_ms;
    sealed_headers := v_endpoint.sealed_headers::text;
    cache_seconds := v_endpoint.cache_seconds;
    endpoint_version := v_endpoint.updated_at;
END
$$;

-- The same for the owner himself, who needs no key: an endpoint of his that is active, by its method, at a path that it
-- matches. Its own limit counts.
CREATE OR REPLACE FUNCTION private.gateway_admit_owner(
    p_user_id uuid, p_endpoint_id uuid, p_method text, p_path text,
    OUT outcome text, OUT user_id uuid, OUT key_id uuid, OUT endpoint_id uuid, OUT target_url text, OUT segments text[],
    OUT timeout_ms integer, OUT sealed_headers text, OUT cache_seconds integer, OUT endpoint_version timestamptz,
    OUT allowed text[], OUT limits text, OUT retry_after double precision
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_method CONSTANT text := CASE p_method WHEN 'HEAD' THEN 'GET' ELSE p_method END;
    v_endpoint public.api_endpoints;
BEGIN
    user_id := p_user_id;
    SELECT * INTO v_endpoint FROM public.api_endpoints e
     WHERE e.id = p_endpoint_id AND e.user_id = p_user_id AND e.is_active
       AND private.route_matches(e.segments, private.route_segments(p_path))
       AND private.gateway_account_ok(p_user_id);
    IF NOT FOUND THEN
        outcome := 'no_endpoint';
        RETURN;
    END IF;
    endpoint_id := v_endpoint.id;
    IF v_endpoint.method <> c_method THEN
        outcome := 'wrong_method';
        allowed := ARRAY[v_endpoint.method];
        RETURN;
    END IF;
    SELECT t.* INTO outcome, limits, retry_after
      FROM private.gateway_take(NULL, NULL, NULL, NULL, endpoint_id, v_endpoint.rate_limit, NULL) AS t;
    target_url := v_endpoint.target_url;
    segments := v_endpoint.segments;
    timeout_ms := v_endpoint.timeout_ms;
    sealed_headers := v_endpoint.sealed_headers::text;
    cache_seconds := v_endpoint.cache_seconds;
    endpoint_version := v_endpoint.updated_at;
END
$$;

-- Whether keys of an account are good at all.
CREATE OR REPLACE FUNCTION private.gateway_account_ok(p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM auth.users u WHERE u.id = p_user_id AND u.deleted_at IS NULL
                      AND (u.banned_until IS NULL OR u.banned_until <= now()));
$$;

-- Notes that a key is in use, once a minute; whoever else writes the row just now is not waited for.
CREATE OR REPLACE FUNCTION private.note_key_use(p_key_id uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE public.api_keys k SET last_used_at = now() WHERE k.id = (
        SELECT u.id FROM public.api_keys u
         WHERE u.id = p_key_id AND coalesce(u.last_used_at < now() - interval '1 minute', true)
           FOR NO KEY UPDATE SKIP LOCKED
    );
END
$$;

-- Owners and rights.
DO $$
DECLARE
    made regprocedure;
BEGIN
    FOREACH made IN ARRAY ARRAY[
        'private.window_at(private.gateway_windows, timestamptz)', 'private.window_with(private.gateway_windows)',
        'private.window_reset(private.gateway_windows, integer, timestamptz)',
        'private.limit_text(text, integer, integer, integer, numeric)',
        'private.gateway_limits(private.gateway_windows, integer, private.gateway_windows, integer, private.gateway_quotas,'
            ' integer, integer, timestamptz)',
        'private.gateway_denial(private.gateway_windows, integer, private.gateway_windows, integer, private.gateway_quotas,'
            ' integer, integer, timestamptz)',
        'private.day_reset(private.gateway_quotas, timestamptz)', 'private.month_reset(private.gateway_quotas, timestamptz)',
        'private.quota_at(private.gateway_quotas, timestamptz)',
        'private.open_counters(uuid, uuid, boolean)',
        'private.gateway_take(uuid, integer, integer, integer, uuid, integer, timestamptz)',
        'private.gateway_admit(bytea, text, text)', 'private.gateway_admit_owner(uuid, uuid, text, text)',
        'private.gateway_account_ok(uuid)', 'private.note_key_use(uuid)'
    ]::regprocedure[] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO zplatform', made);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made);
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION
    private.gateway_admit(bytea, text, text), private.gateway_admit_owner(uuid, uuid, text, text)
TO zservice;
