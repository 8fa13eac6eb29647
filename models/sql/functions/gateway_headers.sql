-- Headers of endpoints: `sealed_headers` holds each value under a key that the database has not, and `headers` what is
-- shown of it: four dots, and the end of a long one. The data API seals what comes through it; nothing else can.

-- A value that comes as {sealed, shown} is new; one that is written as it is shown is the one that is there. An upsert comes
-- here as an insert first, and what this leaves is what its update finds: so where there is such a row, it is left as it
-- came. What is missing in the end is judged by refuse_plain_headers.
CREATE OR REPLACE FUNCTION private.keep_endpoint_headers() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_shown jsonb := '{}';
    v_sealed jsonb := '{}';
BEGIN
    IF jsonb_typeof(new.headers) IS DISTINCT FROM 'object' OR jsonb_typeof(new.sealed_headers) IS DISTINCT FROM 'object' THEN
        RETURN new;  -- the table's own constraints refuse it
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM public.api_endpoints e
                    WHERE e.id = new.id OR (e.user_id, e.path, e.method) = (new.user_id, new.path, new.method)) THEN
            RETURN new;
        END IF;
    ELSE
        IF nullif(current_setting('zilliance.execution', true), '') IS NOT NULL
            AND new.headers IS DISTINCT FROM old.headers
        THEN
            -- Its rollback would have what was shown, and not what was sealed.
            RAISE EXCEPTION 'a workflow cannot change the headers of an endpoint: PATCH /rest/v1/api_endpoints does'
                USING ERRCODE = 'check_violation';
        END IF;
        IF new.user_id = old.user_id THEN
            v_shown := old.headers;
        END IF;
        v_sealed := old.sealed_headers;
    END IF;
    SELECT coalesce(jsonb_object_agg(each.key, each.sealed) FILTER (WHERE each.sealed IS NOT NULL), '{}'),
           coalesce(jsonb_object_agg(each.key, each.shown), '{}')
      INTO new.sealed_headers, new.headers
      FROM (
        SELECT h.key, coalesce(h.value -> 'sealed', given.value, kept.value) AS sealed,
               coalesce(h.value -> 'shown', h.value) AS shown
          FROM jsonb_each(new.headers) AS h
          LEFT JOIN jsonb_each(new.sealed_headers) AS given
                 ON given.key = h.key AND given.value IS DISTINCT FROM v_sealed -> h.key
          LEFT JOIN LATERAL (
                SELECT s.value FROM jsonb_each(v_sealed) AS s
                 WHERE lower(s.key) = lower(h.key) AND v_shown -> s.key = h.value LIMIT 1
          ) AS kept ON true
      ) AS each;
    RETURN new;
END
$$;

CREATE OR REPLACE TRIGGER keep_endpoint_headers
    BEFORE INSERT OR UPDATE OF headers, sealed_headers, user_id ON public.api_endpoints
    FOR EACH ROW WHEN (new.headers <> '{}' OR new.sealed_headers <> '{}')
    EXECUTE FUNCTION private.keep_endpoint_headers();

-- Refuses values in plain text, without repeating them.
CREATE OR REPLACE FUNCTION private.refuse_plain_headers() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_name text;
    v_is_shown boolean;
BEGIN
    SELECT h.key, coalesce(h.value #>> '{}' LIKE '••••%', false) INTO v_name, v_is_shown
      FROM jsonb_each(new.headers) AS h
     WHERE jsonb_typeof(h.value) <> 'string' OR h.value #>> '{}' NOT LIKE '••••%' OR NOT new.sealed_headers ? h.key
     LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF v_is_shown THEN
        RAISE EXCEPTION 'headers: % is written as a value is shown, and this endpoint has no such value: write the value itself', v_name
            USING ERRCODE = 'check_violation';
    END IF;
    RAISE EXCEPTION 'headers: % is not sealed: write headers of endpoints through /rest/v1/api_endpoints, which seals them', v_name
        USING ERRCODE = 'check_violation';
END
$$;

CREATE OR REPLACE TRIGGER refuse_plain_headers
    AFTER INSERT OR UPDATE OF headers, sealed_headers, user_id ON public.api_endpoints
    FOR EACH ROW WHEN (new.headers <> '{}')
    EXECUTE FUNCTION private.refuse_plain_headers();

-- A target may name parameters that the path has, and no others: they could not be filled in.
CREATE OR REPLACE FUNCTION private.check_endpoint_parameters() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_unknown text;
BEGIN
    SELECT m[1] INTO v_unknown FROM regexp_matches(new.target_url, '\{[^{}]*\}', 'g') AS m
     WHERE m[1] <> ALL (string_to_array(new.path, '/')) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'target_url: the path has no parameter %', v_unknown
            USING ERRCODE = 'check_violation', HINT = format('Write a path such as /orders/%s', v_unknown);
    END IF;
    RETURN new;
END
$$;

CREATE OR REPLACE TRIGGER check_endpoint_parameters
    BEFORE INSERT OR UPDATE OF path, target_url ON public.api_endpoints
    FOR EACH ROW WHEN (new.target_url LIKE '%{%')
    EXECUTE FUNCTION private.check_endpoint_parameters();

ALTER FUNCTION private.keep_endpoint_headers() OWNER TO zowner;
ALTER FUNCTION private.refuse_plain_headers() OWNER TO zowner;
ALTER FUNCTION private.check_endpoint_parameters() OWNER TO zowner;
REVOKE ALL ON FUNCTION
    private.keep_endpoint_headers(), private.refuse_plain_headers(), private.check_endpoint_parameters()
FROM PUBLIC;
