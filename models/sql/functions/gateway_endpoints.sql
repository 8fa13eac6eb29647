-- Paths of the gateway: /orders, /orders/{id} (one segment), /files/* (the last segment: one or more). They are matched as
-- they are after one decoding; the most specific wins, literal before parameter before wildcard, from left to right.

-- Whether this is a path or a pattern; says what is wrong with it, since a constraint alone could not.
CREATE OR REPLACE FUNCTION private.valid_route(p_path text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_most_segments CONSTANT integer := 32;
    v_segments text[] := string_to_array(substr(p_path, 2), '/');
    v_wrong text := CASE
        WHEN NOT starts_with(p_path, '/') THEN 'it must start with a slash'
        WHEN cardinality(v_segments) > c_most_segments THEN format('it may have %s segments at most', c_most_segments)
        WHEN p_path ~ '[?#\\[:cntrl:]]' THEN 'it may not hold "?", "#", a backslash or control characters'
        WHEN p_path ~ '%' THEN 'it is matched as it is after decoding: write the character that "%" stands for'
    END;
    v_names text[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(v_segments) LOOP
        EXIT WHEN v_wrong IS NOT NULL;
        IF v_segments[i] = '' AND i < cardinality(v_segments) THEN
            v_wrong := 'it has an empty segment ("//")';
        ELSIF v_segments[i] IN ('.', '..') THEN
            v_wrong := 'its segments may not be "." or ".."';
        ELSIF v_segments[i] = '*' AND i < cardinality(v_segments) THEN
            v_wrong := '"*" may be its last segment alone';
        ELSIF v_segments[i] ~ '^\{[A-Za-z_][A-Za-z0-9_]*\}$' THEN
            IF v_segments[i] = ANY (v_names) THEN
                v_wrong := format('the parameter %s is in it twice', v_segments[i]);
            END IF;
            v_names := v_names || v_segments[i];
        ELSIF v_segments[i] ~ '[{}*]' AND v_segments[i] <> '*' THEN
            v_wrong := format(
                'in "%s", a parameter is a whole segment such as {order_id}, and "*" is one by itself', v_segments[i]);
        END IF;
    END LOOP;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'The path "%" cannot be one of the gateway: %', left(p_path, 200), v_wrong
            USING ERRCODE = 'check_violation', HINT = 'Write it like /orders, /orders/{id} or /files/*';
    END IF;
    RETURN true;
END
$$;

-- The segments of a path; null: it is none, and matches nothing.
CREATE OR REPLACE FUNCTION private.route_segments(p_path text) RETURNS text[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN starts_with(p_path, '/') THEN string_to_array(substr(p_path, 2), '/') END;
$$;

-- Whether a path has the form of a pattern, both as segments.
CREATE OR REPLACE FUNCTION private.route_matches(p_pattern text[], p_path text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_length integer := cardinality(p_pattern);
BEGIN
    IF p_pattern[v_length] = '*' THEN
        IF cardinality(p_path) < v_length OR p_path[v_length] = '' THEN
            RETURN false;
        END IF;
        v_length := v_length - 1;
    ELSIF cardinality(p_path) <> v_length THEN
        RETURN false;
    END IF;
    FOR i IN 1 .. v_length LOOP
        IF p_pattern[i] <> p_path[i] AND (NOT starts_with(p_pattern[i], '{') OR p_path[i] = '') THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;

-- What a path matches, without the names of its parameters: of one form an owner has one active endpoint a method, by a
-- unique index, which is why this may never give another answer.
CREATE OR REPLACE FUNCTION private.route_form(p_path text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(p_path, '\{[^/]*\}', '{}', 'g');
$$;

-- Says in words what the index would refuse. It looks as the caller, who sees his own alone. The row that an upsert runs into
-- is no other one.
CREATE OR REPLACE FUNCTION private.check_endpoint_form() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_other text;
BEGIN
    SELECT e.path INTO v_other FROM public.api_endpoints e
     WHERE e.user_id = new.user_id AND private.route_form(e.path) = private.route_form(new.path) AND e.method = new.method
       AND e.is_active AND e.id <> new.id AND e.path <> new.path;
    IF FOUND THEN
        RAISE EXCEPTION 'The path "%" means the same requests as "%", which is active for %: one of the two would get none',
            left(new.path, 200), left(v_other, 200), new.method
            USING ERRCODE = 'unique_violation', HINT = 'Change the other one, or switch it off with is_active';
    END IF;
    RETURN new;
END
$$;

CREATE OR REPLACE TRIGGER check_endpoint_form
    BEFORE INSERT OR UPDATE OF user_id, path, method, is_active ON public.api_endpoints
    FOR EACH ROW WHEN (new.is_active AND new.path LIKE '%{%')
    EXECUTE FUNCTION private.check_endpoint_form();

-- How a pattern ranks among those that match: the least comes first.
CREATE OR REPLACE FUNCTION private.route_rank(p_pattern text[]) RETURNS integer[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(CASE WHEN s.text = '*' THEN 2 WHEN starts_with(s.text, '{') THEN 1 ELSE 0 END ORDER BY s.number)
      FROM unnest(p_pattern) WITH ORDINALITY AS s (text, number);
$$;

-- What a path may begin with up to the first parameter of a pattern: '/', '/a/', '/a/b/' of '/a/b/c'.
CREATE OR REPLACE FUNCTION private.route_prefixes(p_path text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(coalesce('/' || array_to_string(p_path[:n], '/'), '') || CASE WHEN n > 0 THEN '/' ELSE '' END)
      FROM generate_series(0, least(cardinality(p_path) - 1, 31)) AS n;
$$;

-- The owner's active endpoint that a request means, or null.
CREATE OR REPLACE FUNCTION private.gateway_match(p_owner uuid, p_method text, p_path text, p_segments text[])
RETURNS public.api_endpoints LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_endpoint public.api_endpoints;
BEGIN
    SELECT * INTO v_endpoint FROM public.api_endpoints e
     WHERE e.user_id = p_owner AND e.path = p_path AND e.method = p_method AND e.is_active;
    IF FOUND THEN
        RETURN v_endpoint;
    END IF;
    -- No two of them rank alike: they would have one form.
    SELECT * INTO v_endpoint FROM public.api_endpoints e
     WHERE e.user_id = p_owner AND e.literal_prefix = ANY (private.route_prefixes(p_segments)) AND e.method = p_method
       AND e.is_active AND private.route_matches(e.segments, p_segments)
     ORDER BY private.route_rank(e.segments) LIMIT 1;
    RETURN v_endpoint;
END
$$;

-- The methods that a path of the owner's takes, or null where it takes none.
CREATE OR REPLACE FUNCTION private.gateway_methods(p_owner uuid, p_path text, p_segments text[]) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(DISTINCT e.method ORDER BY e.method) FROM public.api_endpoints e
     WHERE e.user_id = p_owner AND e.is_active
       AND (e.path = p_path OR (e.literal_prefix = ANY (private.route_prefixes(p_segments))
                                AND private.route_matches(e.segments, p_segments)));
$$;

-- Whether anybody has an active endpoint at this very path.
CREATE OR REPLACE FUNCTION private.is_published(p_path text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.api_endpoints e WHERE e.path = p_path AND e.is_active);
$$;

ALTER FUNCTION private.check_endpoint_form() OWNER TO zowner;
ALTER FUNCTION private.is_published(text) OWNER TO zplatform;
ALTER FUNCTION private.gateway_match(uuid, text, text, text[]) OWNER TO zplatform;
ALTER FUNCTION private.gateway_methods(uuid, text, text[]) OWNER TO zplatform;
REVOKE ALL ON FUNCTION
    private.valid_route(text), private.route_form(text), private.check_endpoint_form(), private.route_segments(text),
    private.route_matches(text[], text[]), private.route_rank(text[]), private.route_prefixes(text[]),
    private.gateway_match(uuid, text, text, text[]), private.gateway_methods(uuid, text, text[]),
    private.is_published(text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.valid_route(text), private.route_form(text) TO authenticated, service_role, zplatform;
GRANT EXECUTE ON FUNCTION
    private.route_segments(text), private.route_matches(text[], text[]), private.route_rank(text[]), private.route_prefixes(text[])
TO zplatform;
