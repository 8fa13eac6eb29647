-- Secrets of accounts. Callers write, list and delete their own; the worker reads those that an execution's owner named.
-- No function gives a value to a caller, and what the worker is given is sealed.

-- Writes one of the caller's secrets. Null: he has as many as he may.
CREATE OR REPLACE FUNCTION private.put_secret(p_name text, p_key_id text, p_ciphertext bytea, p_most integer)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_caller uuid := auth.uid();
    v_written private.secrets;
BEGIN
    -- One at a time for each caller, or two could both be the last that fits.
    PERFORM pg_advisory_xact_lock(hashtextextended('secrets' || v_caller::text, 0));
    IF (SELECT count(*) FROM private.secrets s WHERE s.user_id = v_caller AND s.name <> p_name) >= p_most THEN
        RETURN NULL;
    END IF;
    INSERT INTO private.secrets (user_id, name, key_id, ciphertext)
    VALUES (v_caller, p_name, p_key_id, p_ciphertext)
    ON CONFLICT (user_id, name) DO UPDATE SET key_id = excluded.key_id, ciphertext = excluded.ciphertext
    RETURNING * INTO v_written;
    RETURN json_build_object(
        'name', v_written.name, 'created_at', v_written.created_at, 'updated_at', v_written.updated_at
    )::text;
END
$$;

-- A page of the names of the caller's secrets.
CREATE OR REPLACE FUNCTION private.list_secrets(p_after text, p_limit integer)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH page AS (
        SELECT s.name, s.created_at, s.updated_at FROM private.secrets s
         WHERE s.user_id = auth.uid() AND (p_after IS NULL OR s.name > p_after)
         ORDER BY s.name LIMIT p_limit + 1
    ), kept AS (SELECT * FROM page ORDER BY name LIMIT p_limit)
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(kept ORDER BY name) FROM kept), '[]'),
        'next', (SELECT max(name) FROM kept WHERE (SELECT count(*) FROM page) > p_limit)
    )::text;
$$;

-- False: the caller has no such secret.
CREATE OR REPLACE FUNCTION private.delete_secret(p_name text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM private.secrets s WHERE s.user_id = auth.uid() AND s.name = p_name;
    RETURN FOUND;
END
$$;

-- The secrets of an owner that a call needs, sealed.
CREATE OR REPLACE FUNCTION private.read_secrets(p_owner_id uuid, p_names text[])
RETURNS TABLE (name text, key_id text, ciphertext bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.name, s.key_id, s.ciphertext FROM private.secrets s
     WHERE s.user_id = p_owner_id AND s.name = ANY (p_names);
$$;

ALTER FUNCTION private.put_secret(text, text, bytea, integer) OWNER TO zplatform;
ALTER FUNCTION private.list_secrets(text, integer) OWNER TO zplatform;
ALTER FUNCTION private.delete_secret(text) OWNER TO zplatform;
ALTER FUNCTION private.read_secrets(uuid, text[]) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.put_secret(text, text, bytea, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.list_secrets(text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.delete_secret(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION private.read_secrets(uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.put_secret(text, text, bytea, integer), private.list_secrets(text, integer),
    private.delete_secret(text) TO authenticated;
GRANT EXECUTE ON FUNCTION private.read_secrets(uuid, text[]) TO zworker;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.secrets TO zplatform;
