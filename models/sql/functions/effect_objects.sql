-- Files of workflows: the row of an object, written as the owner under the policies of its bucket, once for its key.

DROP FUNCTION IF EXISTS private.effect_object_rules(text);
DROP FUNCTION IF EXISTS private.effect_find_object(uuid, text, text);

-- What a bucket takes. No row: there is no such bucket.
CREATE FUNCTION private.effect_object_rules(p_bucket text)
RETURNS TABLE (file_size_limit bigint, allowed_mime_types text[], verify_content_type boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.file_size_limit, b.allowed_mime_types, b.verify_content_type FROM storage.buckets b WHERE b.id = p_bucket;
$$;

-- What a key has answered; null when it has not.
CREATE OR REPLACE FUNCTION private.effect_answer(p_execution_id uuid, p_key text)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.result FROM private.effects e WHERE e.execution_id = p_execution_id AND e.key = p_key AND e.undone_at IS NULL;
$$;

CREATE OR REPLACE FUNCTION private.effect_object_exists(p_bucket text, p_name text)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM storage.objects o WHERE o.bucket_id = p_bucket AND o.name = p_name);
$$;

-- The row comes last: its bytes are there, and private.doom_version has named them.
CREATE OR REPLACE FUNCTION private.effect_put_object(
    p_execution_id uuid, p_key text, p_owner uuid, p_bucket text, p_name text, p_version uuid, p_metadata jsonb,
    p_upsert boolean, p_answer jsonb
) RETURNS jsonb LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_claim record;
    v_replaced boolean;
BEGIN
    SELECT * INTO v_claim FROM private.effect_claim(p_execution_id, p_key);
    IF NOT v_claim.fresh THEN
        RETURN v_claim.answer;
    END IF;
    v_replaced := private.effect_object_exists(p_bucket, p_name);
    PERFORM private.effect_act_as(p_owner);
    IF p_upsert THEN
        INSERT INTO storage.objects (bucket_id, name, owner, version, metadata)
        VALUES (p_bucket, p_name, p_owner, p_version, p_metadata)
        ON CONFLICT (bucket_id, name) DO UPDATE SET owner = excluded.owner, version = excluded.version,
            metadata = excluded.metadata, user_metadata = NULL, last_accessed_at = now();
    ELSE
        INSERT INTO storage.objects (bucket_id, name, owner, version, metadata)
        VALUES (p_bucket, p_name, p_owner, p_version, p_metadata);
    END IF;
    PERFORM set_config('role', 'none', true);
    PERFORM private.effect_record(p_execution_id, p_key, p_answer, jsonb_build_object(
        'op', 'object', 'bucket', p_bucket, 'name', p_name, 'version', p_version, 'replaced', v_replaced));
    RETURN p_answer;
END
$$;

-- An object that the owner may read. No row: there is none.
CREATE FUNCTION private.effect_find_object(p_owner uuid, p_bucket text, p_name text)
RETURNS TABLE (version uuid, metadata text) LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM private.effect_act_as(p_owner);
    RETURN QUERY SELECT o.version, o.metadata::text FROM storage.objects o WHERE o.bucket_id = p_bucket AND o.name = p_name;
    PERFORM set_config('role', 'none', true);
END
$$;

-- Owners and rights: nothing here is anybody's but the worker's.
CALL private.give_to_platform(ARRAY[
    'effect_object_rules', 'effect_answer', 'effect_object_exists', 'effect_put_object', 'effect_find_object'
], '{zworker}');
GRANT SELECT ON storage.buckets TO zplatform;
