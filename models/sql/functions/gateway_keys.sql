-- Keys of the gateway. A key is shown once, to its owner; the database keeps its digest. It names its owner, and its
-- `permissions` say what of the owner's it opens.

-- Whether `permissions` mean something: [] is everything; else entries of "read", "write", "*", or objects that name an
-- endpoint or a path, and methods. Says what is wrong, since a constraint alone could not.
CREATE OR REPLACE FUNCTION private.valid_permissions(p_permissions jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_most CONSTANT integer := 200;
    v_entry jsonb;
    v_wrong text;
BEGIN
    IF jsonb_typeof(p_permissions) <> 'array' THEN
        v_wrong := 'they are an array';
    ELSIF jsonb_array_length(p_permissions) > c_most THEN
        v_wrong := format('they are %s at most', c_most);
    ELSE
        FOR v_entry IN SELECT jsonb_array_elements(p_permissions) LOOP
            v_wrong := private.wrong_permission(v_entry);
            EXIT WHEN v_wrong IS NOT NULL;
        END LOOP;
    END IF;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'permissions of a key: %', v_wrong || coalesce('; not ' || left(v_entry::text, 200), '')
            USING ERRCODE = 'check_violation',
                  HINT = 'For example [] for everything, ["read"], or [{"path": "/orders/*", "methods": ["GET", "POST"]}]';
    END IF;
    RETURN true;
END
$$;

-- What is wrong with one entry, or null.
CREATE OR REPLACE FUNCTION private.wrong_permission(p_entry jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_entry IN ('"read"', '"write"', '"*"') THEN
        RETURN NULL;
    ELSIF jsonb_typeof(p_entry) <> 'object' THEN
        RETURN 'an entry is "read", "write", "*" or an object';
    ELSIF p_entry - ARRAY['endpoint_id', 'path', 'methods'] <> '{}' OR (p_entry ? 'endpoint_id') = (p_entry ? 'path') THEN
        RETURN 'an object has "endpoint_id" or "path", may have "methods", and nothing else';
    ELSIF p_entry ? 'endpoint_id' AND NOT coalesce(
        jsonb_typeof(p_entry -> 'endpoint_id') = 'string'
        AND p_entry ->> 'endpoint_id' ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$', false)
    THEN
        RETURN '"endpoint_id" is the id of an endpoint';
    ELSIF p_entry ? 'path' AND jsonb_typeof(p_entry -> 'path') <> 'string' THEN
        RETURN '"path" is a path or a pattern of paths';
    ELSIF p_entry ? 'path' AND char_length(p_entry ->> 'path') > 2048 THEN
        RETURN '"path" has 2048 characters at most';
    ELSIF p_entry ? 'methods' AND (
        jsonb_typeof(p_entry -> 'methods') <> 'array' OR p_entry -> 'methods' = '[]'
        OR NOT p_entry -> 'methods' <@ '["GET", "POST", "PUT", "DELETE", "PATCH"]'
    ) THEN
        RETURN '"methods" is an array of one or more of GET, POST, PUT, DELETE and PATCH';
    END IF;
    IF p_entry ? 'path' THEN
        PERFORM private.valid_route(p_entry ->> 'path');  -- raises
    END IF;
    RETURN NULL;
END
$$;

-- Whether a key with these permissions may send this to this endpoint.
CREATE OR REPLACE FUNCTION private.in_scope(p_permissions jsonb, p_endpoint uuid, p_method text, p_path text[])
RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p_permissions = '[]' OR EXISTS (
        SELECT FROM jsonb_array_elements(p_permissions) AS p (entry)
         WHERE CASE jsonb_typeof(p.entry)
            WHEN 'string' THEN p.entry = '"*"' OR p.entry = CASE p_method WHEN 'GET' THEN '"read"'::jsonb ELSE '"write"' END
            WHEN 'object' THEN (NOT p.entry ? 'methods' OR p.entry -> 'methods' ? p_method) AND CASE
                WHEN p.entry ? 'endpoint_id' THEN lower(p.entry ->> 'endpoint_id') = p_endpoint::text
                ELSE private.route_matches(private.route_segments(p.entry ->> 'path'), p_path) END
            ELSE false END
    );
$$;

-- A number in digits, capitals and small letters, filled up with zeros.
CREATE OR REPLACE FUNCTION private.base62(p_number numeric, p_length integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_alphabet CONSTANT text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    v_rest numeric := p_number;
    v_text text := '';
BEGIN
    FOR i IN 1 .. p_length LOOP
        v_text := substr(c_alphabet, (v_rest % 62)::integer + 1, 1) || v_text;
        v_rest := div(v_rest, 62);
    END LOOP;
    RETURN v_text;
END
$$;

-- A new key: 256 random bits, and a checksum by which a misspelt one is told without asking the database.
CREATE OR REPLACE FUNCTION private.new_gateway_key() RETURNS text
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Each UUID has 122 random bits: four of them have more than the 256 that the digest keeps.
    v_bytes bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                            || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    v_number numeric := 0;
    v_key text;
BEGIN
    FOR i IN 0 .. 31 LOOP
        v_number := v_number * 256 + get_byte(v_bytes, i);
    END LOOP;
    v_key := 'zk_live_' || private.base62(v_number, 43);
    RETURN v_key || '_' || private.base62(crc32(v_key::bytea), 6);
END
$$;

-- What is shown of a row to its owner, with the key where there is one to show.
CREATE OR REPLACE FUNCTION private.shown_key(p_row public.api_keys, p_key text) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('key', p_key) || (to_jsonb(p_row) - ARRAY['key_hash', 'previous_key_hash']);
$$;

-- Issues a key: rpc('create_api_key', { name }) answers the row and, this once, the `key`.
CREATE OR REPLACE FUNCTION public.create_api_key(
    name text, permissions jsonb DEFAULT '[]', rate_limit integer DEFAULT 100, expires_at timestamptz DEFAULT NULL,
    daily_quota integer DEFAULT NULL, monthly_quota integer DEFAULT NULL
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_key text := private.new_gateway_key();
    v_row public.api_keys;
    v_said text;
    v_hint text;
BEGIN
    IF create_api_key.expires_at <= now() THEN
        RAISE EXCEPTION 'expires_at is in the past: the key would never be good' USING ERRCODE = 'PT400';
    END IF;
    INSERT INTO public.api_keys AS k
           (user_id, name, permissions, rate_limit, expires_at, daily_quota, monthly_quota, key_hash, prefix)
    VALUES (auth.uid(), create_api_key.name, coalesce(create_api_key.permissions, '[]'),
            coalesce(create_api_key.rate_limit, 100), create_api_key.expires_at, create_api_key.daily_quota,
            create_api_key.monthly_quota, sha256(v_key::bytea), left(v_key, 12))
    RETURNING * INTO v_row;
    RETURN private.shown_key(v_row, v_key);
EXCEPTION WHEN check_violation OR not_null_violation THEN
    -- Said again without its detail, which is the whole row, and the digest with it.
    GET STACKED DIAGNOSTICS v_said = MESSAGE_TEXT, v_hint = PG_EXCEPTION_HINT;
    RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = v_said, HINT = v_hint;
END
$$;

-- Replaces a key of the caller's: the old one stays good for the overlap, so that programs can change over. While an
-- overlap lasts the key is replaced by ending it alone, because the one that would go might be the one in use.
CREATE OR REPLACE FUNCTION public.reroll_api_key(id uuid, overlap_seconds integer DEFAULT 86400) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_longest CONSTANT integer := 30 * 86400;
    v_key text := private.new_gateway_key();
    v_row public.api_keys;
    v_until timestamptz := now() + make_interval(secs => overlap_seconds);
BEGIN
    IF overlap_seconds IS NULL OR overlap_seconds NOT BETWEEN 0 AND c_longest THEN
        RAISE EXCEPTION 'overlap_seconds must be from 0 to %: 0 ends the old key at once', c_longest USING ERRCODE = 'PT400';
    END IF;
    SELECT * INTO v_row FROM public.api_keys k
     WHERE k.id = reroll_api_key.id AND k.user_id = auth.uid() FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no key "%" of yours', reroll_api_key.id USING ERRCODE = 'PT404';
    END IF;
    IF overlap_seconds > 0 AND v_row.previous_expires_at > now() THEN
        RAISE EXCEPTION 'The key was replaced before, and the old one is good until %', v_row.previous_expires_at
            USING ERRCODE = 'PT409', HINT = 'Wait until then, or send overlap_seconds 0, which ends both at once';
    END IF;
    UPDATE public.api_keys k
       SET key_hash = sha256(v_key::bytea), prefix = left(v_key, 12),
           previous_key_hash = CASE WHEN overlap_seconds > 0 THEN k.key_hash END,
           previous_expires_at = CASE WHEN overlap_seconds > 0 AND k.key_hash IS NOT NULL THEN v_until END
     WHERE k.id = reroll_api_key.id
    RETURNING * INTO v_row;
    RETURN private.shown_key(v_row, v_key);
END
$$;

COMMENT ON FUNCTION public.create_api_key(text, jsonb, integer, timestamptz, integer, integer) IS
'Issue a key of the gateway

Answers the row of `api_keys` and, this once, the `key`: it is kept as a digest, so whoever loses it replaces it. `permissions` are what it opens of your endpoints: `[]` all of them, `"read"` (GET), `"write"` (POST, PUT, PATCH, DELETE), `"*"`, or objects such as `{"path": "/orders/*", "methods": ["GET"]}` and `{"endpoint_id": "…"}`. `rate_limit` is requests a minute; quotas are requests a day and a month (UTC).';

COMMENT ON FUNCTION public.reroll_api_key(uuid, integer) IS
'Replace a key of the gateway

Answers the row and, this once, the new `key`. The old one stays good for `overlap_seconds` (a day; at most 30 days; 0 ends it at once), and both count in the same limits. While an overlap lasts, the key is replaced with 0 alone (409 otherwise).';

-- So many keys and endpoints an owner may have; one owner's inserts are counted one after another.
CREATE OR REPLACE FUNCTION private.bound_gateway_rows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_most integer := TG_ARGV[0]::integer;
    v_owner uuid;
    v_found integer;
BEGIN
    FOR v_owner IN SELECT DISTINCT n.user_id FROM new_rows n ORDER BY n.user_id LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_NAME || v_owner::text, 0));
        EXECUTE format('SELECT count(*) FROM public.%I WHERE user_id = $1', TG_TABLE_NAME) INTO v_found USING v_owner;
        IF v_found > v_most THEN
            RAISE EXCEPTION 'An account has % rows of % at most: delete those that are no longer used', v_most, TG_TABLE_NAME
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER bound_rows AFTER INSERT ON public.api_keys REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION private.bound_gateway_rows('200');
CREATE OR REPLACE TRIGGER bound_rows AFTER INSERT ON public.api_endpoints REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION private.bound_gateway_rows('500');

ALTER FUNCTION public.create_api_key(text, jsonb, integer, timestamptz, integer, integer) OWNER TO zplatform;
ALTER FUNCTION public.reroll_api_key(uuid, integer) OWNER TO zplatform;
ALTER FUNCTION private.bound_gateway_rows() OWNER TO zplatform;
REVOKE ALL ON FUNCTION
    private.valid_permissions(jsonb), private.wrong_permission(jsonb), private.in_scope(jsonb, uuid, text, text[]),
    private.base62(numeric, integer), private.new_gateway_key(), private.shown_key(public.api_keys, text),
    public.create_api_key(text, jsonb, integer, timestamptz, integer, integer), public.reroll_api_key(uuid, integer),
    private.bound_gateway_rows()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.valid_permissions(jsonb), private.wrong_permission(jsonb)
TO authenticated, service_role, zplatform;
GRANT EXECUTE ON FUNCTION
    private.in_scope(jsonb, uuid, text, text[]), private.base62(numeric, integer), private.new_gateway_key(),
    private.shown_key(public.api_keys, text)
TO zplatform;
GRANT EXECUTE ON FUNCTION
    public.create_api_key(text, jsonb, integer, timestamptz, integer, integer), public.reroll_api_key(uuid, integer)
TO authenticated;
