-- How the table functions of workflows (effects.sql) are taken back.

-- Takes one effect back, once. Optimistic: only while the row is still as this execution left it. An undo that comes
-- before its effect leaves a mark, so that the effect cannot land any more. Runs as the platform: it does nothing but
-- what the recorded effect said, so a right that the owner has lost meanwhile does not leave half a rollback.
CREATE OR REPLACE FUNCTION private.undo_effect(p_execution_id uuid, p_key text, p_owner uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_effect private.effects;
    v_undo jsonb;
    v_version timestamptz;
BEGIN
    PERFORM set_config('zilliance.execution', p_execution_id::text, true);
    INSERT INTO private.effects (execution_id, key, undone_at) VALUES (p_execution_id, p_key, now())
        ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO v_effect FROM private.effects e WHERE e.execution_id = p_execution_id AND e.key = p_key FOR UPDATE;
    IF v_effect.adopted_id IS NOT NULL AND v_effect.undone_at IS NULL THEN
        -- A retry has taken it over: it is undone where it was done, once, whoever of the family asks.
        PERFORM private.undo_effect(v_effect.adopted_id, v_effect.adopted_key, p_owner);
        UPDATE private.effects SET undone_at = now() WHERE execution_id = p_execution_id AND key = p_key;
        RETURN;
    END IF;
    v_undo := v_effect.undo;
    IF v_effect.undone_at IS NOT NULL OR v_undo IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('request.jwt.claims', json_build_object('sub', p_owner, 'role', 'authenticated')::text, true);
    v_version := CASE v_undo->>'op'
        WHEN 'delete' THEN private.undo_create(v_undo)
        WHEN 'restore' THEN private.undo_update(v_undo)
        WHEN 'object' THEN private.undo_put_object(v_undo)
        WHEN 'tutorial' THEN private.undo_tutorial(v_undo)
        ELSE private.undo_delete(p_execution_id, v_undo) END;
    UPDATE private.effects SET undone_at = now() WHERE execution_id = p_execution_id AND key = p_key;
    PERFORM private.undo_carry(p_execution_id, v_undo->>'table', v_undo->>'id', v_undo->>'version_before', v_version);
END
$$;

-- An earlier effect of this execution on the same row, or of one that it retries, finds the version that the undo of the
-- later one made.
CREATE OR REPLACE FUNCTION private.undo_carry(
    p_execution_id uuid, p_table text, p_id text, p_before text, p_after timestamptz
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.effects e SET undo = jsonb_set(e.undo, '{version}', to_jsonb(p_after))
     WHERE (e.execution_id = p_execution_id OR (e.execution_id, e.key) IN (
                SELECT a.adopted_id, a.adopted_key FROM private.effects a
                 WHERE a.execution_id = p_execution_id AND a.adopted_id IS NOT NULL))
       AND e.undo->>'table' = p_table AND e.undo->>'id' = p_id
       AND (e.undo->>'version')::timestamptz = p_before::timestamptz;
$$;

CREATE OR REPLACE FUNCTION private.undo_conflict(p_undo jsonb)
RETURNS void LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'row "%" of table "%" was changed by somebody else after this execution wrote it: it is left as it is',
        p_undo->>'id', p_undo->>'table' USING ERRCODE = 'ZW409';
END
$$;

-- A file that took the place of another cannot give it back: that one's bytes are gone.
CREATE OR REPLACE FUNCTION private.undo_put_object(p_undo jsonb)
RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (p_undo->>'replaced')::boolean THEN
        RAISE EXCEPTION 'file "%" of bucket "%" took the place of another, which cannot be brought back: it is left as it is',
            p_undo->>'name', p_undo->>'bucket' USING ERRCODE = 'ZW409';
    END IF;
    DELETE FROM storage.objects o
     WHERE o.bucket_id = p_undo->>'bucket' AND o.name = p_undo->>'name' AND o.version = (p_undo->>'version')::uuid;
    IF NOT FOUND AND EXISTS (
        SELECT FROM storage.objects o WHERE o.bucket_id = p_undo->>'bucket' AND o.name = p_undo->>'name'
    ) THEN
        RAISE EXCEPTION 'file "%" of bucket "%" was replaced by somebody else meanwhile: it is left as it is',
            p_undo->>'name', p_undo->>'bucket' USING ERRCODE = 'ZW409';
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION private.undo_create(p_undo jsonb)
RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_found timestamptz;
BEGIN
    EXECUTE format('SELECT t.updated_at FROM public.%I AS t WHERE t.id = $1 FOR UPDATE', p_undo->>'table')
        INTO v_found USING (p_undo->>'id')::uuid;
    IF v_found <> (p_undo->>'version')::timestamptz THEN
        PERFORM private.undo_conflict(p_undo);
    END IF;
    -- Gone already is as good as deleted.
    EXECUTE format('DELETE FROM public.%I AS t WHERE t.id = $1', p_undo->>'table') USING (p_undo->>'id')::uuid;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION private.undo_update(p_undo jsonb)
RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_version timestamptz;
BEGIN
    EXECUTE format('UPDATE public.%1$I AS t SET (%2$s) = ROW(%3$s) FROM jsonb_populate_record(NULL::public.%1$I, $3) AS n'
                   ' WHERE t.id = $1 AND t.updated_at = $2 RETURNING t.updated_at', p_undo->>'table',
                   private.effect_names(p_undo->>'table', p_undo->'values', ''),
                   private.effect_names(p_undo->>'table', p_undo->'values', 'n.'))
        INTO v_version USING (p_undo->>'id')::uuid, (p_undo->>'version')::timestamptz, p_undo->'values';
    IF v_version IS NULL THEN
        PERFORM private.undo_conflict(p_undo);
    END IF;
    RETURN v_version;
END
$$;

CREATE OR REPLACE FUNCTION private.undo_delete(p_execution_id uuid, p_undo jsonb)
RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_names text;
    v_version timestamptz;
    v_child record;
    v_child_version timestamptz;
BEGIN
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO v_names FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = format('public.%I', p_undo->>'table')::regclass
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
    EXECUTE format('INSERT INTO public.%1$I AS t (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::public.%1$I, $1)'
                   ' ON CONFLICT DO NOTHING RETURNING t.updated_at', p_undo->>'table', v_names)
        INTO v_version USING p_undo->'values';
    IF v_version IS NULL THEN
        PERFORM private.undo_conflict(p_undo);
    END IF;
    FOR v_child IN
        SELECT r->>'table' AS name, r->>'column' AS reference, c.key AS id, c.value AS version
          FROM jsonb_array_elements(p_undo->'references') r, jsonb_each_text(r->'rows') c
    LOOP
        EXECUTE format('UPDATE %1$s AS t SET %2$I = $1 WHERE t.id = $2 AND t.%2$I IS NULL RETURNING t.updated_at',
                       v_child.name, v_child.reference)
            INTO v_child_version USING (p_undo->>'id')::uuid, v_child.id::uuid;
        PERFORM private.undo_carry(p_execution_id, split_part(v_child.name, '.', 2), v_child.id, v_child.version,
                                   v_child_version);
    END LOOP;
    RETURN v_version;
END
$$;


-- Owners and rights: nothing here is anybody's but the worker's.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
         WHERE p.pronamespace = 'private'::regnamespace AND p.proname LIKE 'undo\_%'
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO zplatform', v_function);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO zworker', v_function);
    END LOOP;
END
$$;
