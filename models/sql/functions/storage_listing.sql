-- What a bucket holds below a prefix, under the caller's row security: no object that it cannot read is told of, and no
-- folder in which it can read nothing.
--
--   storage.list_by_name(p_bucket text, p_prefix text, p_delimited boolean, p_descending boolean, p_limit integer,
--       p_offset integer DEFAULT 0, p_search text DEFAULT NULL, p_after text DEFAULT NULL)
--   storage.list_by_time(p_bucket text, p_prefix text, p_delimited boolean, p_descending boolean, p_limit integer,
--       p_offset integer DEFAULT 0, p_search text DEFAULT NULL, p_after text DEFAULT NULL,
--       p_column text DEFAULT 'created_at', p_after_time timestamptz DEFAULT NULL)
--   -> (key text, id uuid, created_at, updated_at, last_accessed_at timestamptz, metadata jsonb)
--
-- p_prefix    what every name begins with, to the letter: 'a/' is inside of folder a, 'a' also finds 'ab'. '' is all.
-- p_delimited true: what has a further '/' after the prefix becomes one row for its folder, with key 'a/b/' and null id.
-- p_search    what the rest of the key after the prefix begins with, in upper or lower case. No character is special.
-- p_after     the key of the last row of the page before; p_after_time its time in p_column, null for a folder.
-- p_column    created_at, updated_at or last_accessed_at. Folders come first, by name; else SQLSTATE 22023.
--
-- By name, folders and files come together in the order of their bytes; a folder costs one step however much it holds.
-- By time all that is below the prefix is read.

DROP FUNCTION IF EXISTS storage.list_by_name(text, text, boolean, boolean, integer, integer, text, text);
CREATE FUNCTION storage.list_by_name(
    p_bucket text, p_prefix text, p_delimited boolean, p_descending boolean, p_limit integer,
    p_offset integer DEFAULT 0, p_search text DEFAULT NULL, p_after text DEFAULT NULL
) RETURNS TABLE (
    key text, id uuid, created_at timestamptz, updated_at timestamptz, last_accessed_at timestamptz, metadata jsonb
) LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
-- The index has the order; a sort would read the whole range first.
SET enable_sort = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    v_from text COLLATE "C" := p_prefix;
    v_to text COLLATE "C" := p_prefix || chr(1114111);  -- after all that a name may contain
    v_length integer := char_length(p_prefix);
    v_patience CONSTANT integer := 16;  -- rows of one folder that are cheaper to read than a new search
    v_objects refcursor;
    v_object record;
    v_slash integer;
    v_ignored integer := 0;
    v_skip integer := p_offset;
    v_left integer := p_limit;
    v_folder text := storage.only_folder(p_bucket);
BEGIN
    IF v_folder IS NOT NULL THEN
        v_from := greatest(v_from, (v_folder || '/') COLLATE "C");
        v_to := least(v_to, (v_folder || '0') COLLATE "C");
    END IF;
    IF p_after IS NOT NULL AND p_descending THEN
        v_to := least(v_to, p_after COLLATE "C");
    ELSIF p_after IS NOT NULL THEN
        v_from := greatest(v_from, storage.after_key(p_after) COLLATE "C");
    END IF;
    WHILE v_left > 0 LOOP
        IF v_objects IS NULL AND p_descending THEN
            OPEN v_objects NO SCROLL FOR
                SELECT o.* FROM storage.objects AS o
                WHERE o.bucket_id = p_bucket AND o.name >= v_from AND o.name < v_to ORDER BY o.name DESC;
        ELSIF v_objects IS NULL THEN
            OPEN v_objects NO SCROLL FOR
                SELECT o.* FROM storage.objects AS o
                WHERE o.bucket_id = p_bucket AND o.name >= v_from AND o.name < v_to ORDER BY o.name;
        END IF;
        FETCH v_objects INTO v_object;
        EXIT WHEN NOT FOUND;
        IF v_object.name COLLATE "C" < v_from OR v_object.name COLLATE "C" >= v_to THEN
            v_ignored := v_ignored + 1;
            IF v_ignored >= v_patience THEN
                CLOSE v_objects;
                v_objects := NULL;
            END IF;
            CONTINUE;
        END IF;

        v_ignored := 0;
        key := v_object.name;
        v_slash := CASE WHEN p_delimited THEN strpos(substr(key, v_length + 1), '/') ELSE 0 END;
        IF v_slash > 0 THEN
            key := left(key, v_length + v_slash);
            id := NULL; created_at := NULL; updated_at := NULL; last_accessed_at := NULL; metadata := NULL;
        ELSE
            id := v_object.id; created_at := v_object.created_at; updated_at := v_object.updated_at;
            last_accessed_at := v_object.last_accessed_at; metadata := v_object.metadata;
        END IF;
        IF p_descending THEN
            v_to := key;
        ELSE
            v_from := storage.after_key(key);
        END IF;
        CONTINUE WHEN NOT storage.found_by(substr(key, v_length + 1), p_search);
        IF v_skip > 0 THEN
            v_skip := v_skip - 1;
            CONTINUE;
        END IF;
        v_left := v_left - 1;
        RETURN NEXT;
    END LOOP;
END
$$;

DROP FUNCTION IF EXISTS storage.list_by_time(
    text, text, boolean, boolean, integer, integer, text, text, text, timestamptz
);
CREATE FUNCTION storage.list_by_time(
    p_bucket text, p_prefix text, p_delimited boolean, p_descending boolean, p_limit integer,
    p_offset integer DEFAULT 0, p_search text DEFAULT NULL, p_after text DEFAULT NULL,
    p_column text DEFAULT 'created_at', p_after_time timestamptz DEFAULT NULL
) RETURNS TABLE (
    key text, id uuid, created_at timestamptz, updated_at timestamptz, last_accessed_at timestamptz, metadata jsonb
) LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_direction text := CASE WHEN p_descending THEN 'DESC' ELSE 'ASC' END;
    v_sign text := CASE WHEN p_descending THEN '<' ELSE '>' END;
BEGIN
    IF p_column NOT IN ('created_at', 'updated_at', 'last_accessed_at') THEN
        RAISE EXCEPTION 'objects are listed by created_at, updated_at or last_accessed_at, not by "%"', p_column
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH below AS (
            SELECT o.*, CASE WHEN $3 THEN strpos(substr(o.name, char_length($2) + 1), '/') ELSE 0 END AS slash
            FROM storage.objects AS o
            WHERE o.bucket_id = $1 AND o.name >= $2 COLLATE "C" AND o.name < ($2 || chr(1114111)) COLLATE "C"
        ), entry AS (
            SELECT DISTINCT left(name, char_length($2) + slash) AS key, NULL::uuid AS id, NULL::timestamptz AS created_at,
                NULL::timestamptz AS updated_at, NULL::timestamptz AS last_accessed_at, NULL::jsonb AS metadata
            FROM below WHERE slash > 0
            UNION ALL
            SELECT name, id, created_at, updated_at, last_accessed_at, metadata FROM below WHERE slash = 0
        )
        SELECT entry.* FROM entry
        WHERE storage.found_by(substr(key, char_length($2) + 1), $6)
            AND CASE
                WHEN $7 IS NULL THEN true
                WHEN $8 IS NULL THEN id IS NOT NULL OR key COLLATE "C" %2$s $7
                ELSE id IS NOT NULL AND (%1$I, key COLLATE "C") %2$s ($8, $7)
            END
        ORDER BY id IS NOT NULL, %1$I %3$s, key COLLATE "C" %3$s LIMIT $4 OFFSET $5
    $query$, p_column, v_sign, v_direction)
    USING p_bucket, p_prefix, p_delimited, p_limit, p_offset, p_search, p_after, p_after_time;
END
$$;

-- The folder outside of which the caller can read nothing in this bucket; null where that is not known. Row security finds
-- the same, but by walking over all objects of the others, at a second for a million. It is known as long as the policies
-- for reading are the two of policies/storage_objects.sql.
CREATE OR REPLACE FUNCTION storage.only_folder(bucket text) RETURNS text
    LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT auth.uid()::text
    WHERE current_user = 'authenticated' AND bucket IN ('videos', 'tutorials', 'documents') AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_policy
        WHERE polrelid = 'storage.objects'::regclass AND polpermissive AND polcmd IN ('r', '*')
            AND polname NOT IN ('everybody reads avatars and thumbnails', 'users read their own folder')
    )
$$;

-- The least name that comes after a file, or after all that a folder ('a/') holds: '0' follows '/'.
CREATE OR REPLACE FUNCTION storage.after_key(key text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN right(key, 1) = '/' THEN left(key, -1) || '0' ELSE key || chr(1) END;

CREATE OR REPLACE FUNCTION storage.found_by(name text, search text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN search IS NULL OR starts_with(lower(name COLLATE "default"), lower(search COLLATE "default"));

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
         WHERE p.pronamespace = 'storage'::regnamespace
           AND p.proname IN ('list_by_name', 'list_by_time', 'only_folder', 'after_key', 'found_by')
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO zowner', v_function);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO anon, authenticated, service_role', v_function);
    END LOOP;
END
$$;
