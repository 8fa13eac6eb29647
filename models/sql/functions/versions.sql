-- Versions of the caller's own definitions: what was run, and can be run or put back.

-- A page of them, newest first, as `{"items", "next"}`; p_after is a version. Null: no such definition.
CREATE OR REPLACE FUNCTION private.list_versions(p_workflow_id uuid, p_after integer, p_limit integer)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH page AS (
        SELECT v.version, v.created_at, v.config FROM private.workflow_versions v
         WHERE v.workflow_id = p_workflow_id AND (p_after IS NULL OR v.version < p_after)
         ORDER BY v.version DESC LIMIT p_limit + 1
    ), shown AS (SELECT * FROM page ORDER BY version DESC LIMIT p_limit)
    SELECT jsonb_build_object(
        'items', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'version', s.version, 'created_at', s.created_at, 'size', octet_length(s.config::text),
                'is_current', s.version = w.version
            ) ORDER BY s.version DESC), '[]') FROM shown s
        ),
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit THEN (SELECT min(s.version) FROM shown s) END
    )::text
      FROM public.workflows w WHERE w.id = p_workflow_id AND w.user_id = auth.uid();
$$;

-- One of them with its document, as JSON; null: no such one.
CREATE OR REPLACE FUNCTION private.version_json(p_workflow_id uuid, p_version integer)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'workflow_id', w.id, 'version', v.version, 'created_at', v.created_at, 'is_current', v.version = w.version,
        'config', v.config
    )::text
      FROM public.workflows w JOIN private.workflow_versions v ON v.workflow_id = w.id AND v.version = p_version
     WHERE w.id = p_workflow_id AND w.user_id = auth.uid();
$$;

ALTER FUNCTION private.list_versions(uuid, integer, integer) OWNER TO zplatform;
ALTER FUNCTION private.version_json(uuid, integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.list_versions(uuid, integer, integer), private.version_json(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.list_versions(uuid, integer, integer), private.version_json(uuid, integer)
TO authenticated;
