-- What callers ask about their definitions and executions beyond what row security lets them select.

-- The document of the caller's own definition, in one of its versions or the newest. No row: no such one of the caller's.
CREATE OR REPLACE FUNCTION private.definition_text(p_workflow_id uuid, p_version integer)
RETURNS TABLE (name text, version integer, document text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.name, v.version, v.config::text
      FROM public.workflows w JOIN private.workflow_versions v
        ON v.workflow_id = w.id AND v.version = coalesce(p_version, w.version)
     WHERE w.id = p_workflow_id AND w.user_id = auth.uid();
$$;

ALTER FUNCTION private.definition_text(uuid, integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.definition_text(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.definition_text(uuid, integer) TO authenticated;
