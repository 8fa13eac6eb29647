-- The gateway's log: how it is written, and how its days come and go (docs/decisions/0049-the-gateways-log.md).
--
-- A day is a table in schema `partitions`, on which nobody holds a right: its rows are reached through
-- public.api_requests, under its policies. Only who owns a table may give it partitions or take them away, so the functions
-- that do are zowner's, who passes no row security.

-- The partition of a day of UTC. Whoever comes first makes it; the others wait, and find it.
CREATE OR REPLACE FUNCTION private.make_request_partition(p_day date)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    v_name CONSTANT text := 'api_requests_' || to_char(p_day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('partitions.api_requests', 0));
    IF private.is_request_partition(p_day) THEN
        RETURN;
    END IF;
    -- Made apart and attached, which does not lock out those who read and write meanwhile.
    EXECUTE format('CREATE TABLE partitions.%I (LIKE public.api_requests INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_name);
    EXECUTE format('ALTER TABLE partitions.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_name);
    EXECUTE format(
        'ALTER TABLE public.api_requests ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)',
        v_name, to_char(p_day, 'YYYY-MM-DD 00:00Z'), to_char(p_day + 1, 'YYYY-MM-DD 00:00Z'));
END
$$;

CREATE OR REPLACE FUNCTION private.is_request_partition(p_day date)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM pg_class c WHERE c.relnamespace = 'partitions'::regnamespace
           AND c.relname = 'api_requests_' || to_char(p_day, 'YYYYMMDD'));
$$;

-- Upkeep: the days to come are made, and those that ended p_days ago go, all their rows at once. Returns how many went.
-- Dropping one locks the log for a moment: who cannot have that moment soon leaves it for the next pass.
CREATE OR REPLACE FUNCTION private.keep_request_log(p_days integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    v_today CONSTANT date := (now() AT TIME ZONE 'UTC')::date;
    v_last CONSTANT text := 'api_requests_' || to_char(v_today - p_days, 'YYYYMMDD');
    v_name text;
    v_dropped integer := 0;
BEGIN
    FOR v_ahead IN 0..3 LOOP
        PERFORM private.make_request_partition(v_today + v_ahead);
    END LOOP;
    FOR v_name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'public.api_requests'::regclass AND c.relname < v_last ORDER BY c.relname LIMIT 50
    LOOP
        EXECUTE format('DROP TABLE partitions.%I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    RETURN v_dropped;
END
$$;

-- Writes a batch, all of it or nothing. A batch that is sent again because the first answer was lost changes nothing: its
-- rows bring their ids. Times are the caller's clock, and kept near ours, so that a wrong one asks for no strange days.
CREATE OR REPLACE FUNCTION private.log_requests(p_rows json)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_from CONSTANT timestamptz := now() - interval '1 day';
    v_until CONSTANT timestamptz := now() + interval '1 hour';
    v_day date := (v_from AT TIME ZONE 'UTC')::date;
BEGIN
    WHILE v_day <= (v_until AT TIME ZONE 'UTC')::date LOOP
        IF NOT private.is_request_partition(v_day) THEN
            PERFORM private.make_request_partition(v_day);
        END IF;
        v_day := v_day + 1;
    END LOOP;
    INSERT INTO public.api_requests (
        id, created_at, user_id, endpoint_id, api_key_id, method, path, status_code, response_time_ms, request_size,
        response_size, ip_address, user_agent)
    SELECT r.id, greatest(v_from, least(v_until, r.created_at)), r.user_id, r.endpoint_id, r.api_key_id,
           left(r.method, 20), left(r.path, 2048), r.status_code, greatest(r.response_time_ms, 0), r.request_size,
           r.response_size, CASE WHEN pg_input_is_valid(r.ip_address, 'inet') THEN r.ip_address::inet END,
           left(r.user_agent, 2048)
      FROM json_to_recordset(p_rows) AS r (
               id uuid, created_at timestamptz, user_id uuid, endpoint_id uuid, api_key_id uuid, method text, path text,
               status_code integer, response_time_ms integer, request_size bigint, response_size bigint, ip_address text,
               user_agent text)
    ON CONFLICT (id, created_at) DO NOTHING;
END
$$;

-- Removes what is left of accounts that are gone: a page of one of them, or none when the next accounts after p_after are
-- all there. Returns where to go on, null at the end. Begin with the lowest id.
CREATE OR REPLACE FUNCTION private.forget_requests(p_after uuid, p_limit integer)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_after uuid := p_after;
    v_owner uuid;
BEGIN
    FOR v_seen IN 1..500 LOOP
        SELECT r.user_id INTO v_owner FROM public.api_requests r WHERE r.user_id > v_after ORDER BY r.user_id LIMIT 1;
        IF v_owner IS NULL THEN
            RETURN NULL;
        END IF;
        IF NOT EXISTS (SELECT FROM auth.users u WHERE u.id = v_owner) THEN
            DELETE FROM public.api_requests r USING (
                SELECT o.id, o.created_at FROM public.api_requests o WHERE o.user_id = v_owner LIMIT p_limit
            ) AS page WHERE (r.id, r.created_at) = (page.id, page.created_at);
            RETURN v_after;
        END IF;
        v_after := v_owner;
    END LOOP;
    RETURN v_after;
END
$$;

ALTER FUNCTION private.make_request_partition(date) OWNER TO zowner;
ALTER FUNCTION private.is_request_partition(date) OWNER TO zowner;
ALTER FUNCTION private.keep_request_log(integer) OWNER TO zowner;
ALTER FUNCTION private.log_requests(json) OWNER TO zplatform;
ALTER FUNCTION private.forget_requests(uuid, integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.make_request_partition(date), private.is_request_partition(date),
    private.keep_request_log(integer), private.log_requests(json), private.forget_requests(uuid, integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.make_request_partition(date), private.is_request_partition(date) TO zplatform;
GRANT EXECUTE ON FUNCTION private.log_requests(json) TO zservice;
GRANT EXECUTE ON FUNCTION private.keep_request_log(integer), private.forget_requests(uuid, integer) TO zworker;

-- From the first moment on, so that rows can be written by other ways, too.
SELECT private.make_request_partition((now() AT TIME ZONE 'UTC')::date + ahead) FROM generate_series(0, 3) AS ahead;
