-- Rules on columns that grants cannot say, because they hang on the row.

-- A definition's version counts what was run, so it rises with `config` alone.
CREATE OR REPLACE FUNCTION private.count_workflow_version() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    new.version := old.version + 1;
    RETURN new;
END
$$;

CREATE OR REPLACE TRIGGER count_workflow_version BEFORE UPDATE OF config ON public.workflows
    FOR EACH ROW WHEN (old.config IS DISTINCT FROM new.config)
    EXECUTE FUNCTION private.count_workflow_version();

-- Every version is kept: a run that starts late, or again, must run what was current when it was accepted.
CREATE OR REPLACE FUNCTION private.keep_workflow_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO private.workflow_versions (workflow_id, version, config) VALUES (new.id, new.version, new.config)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER keep_workflow_version AFTER INSERT OR UPDATE OF config ON public.workflows
    FOR EACH ROW EXECUTE FUNCTION private.keep_workflow_version();

-- A moderator may change what another's tutorial counts as, and not what it says.
CREATE OR REPLACE FUNCTION private.guard_moderation() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    may_change text[] := ARRAY['status', 'updated_at'];
BEGIN
    IF current_user = 'authenticated'
        AND old.user_id IS DISTINCT FROM auth.uid()
        AND to_jsonb(old) - may_change IS DISTINCT FROM to_jsonb(new) - may_change
    THEN
        RAISE EXCEPTION 'moderators may change the status of another''s tutorial and nothing else'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN new;
END
$$;

CREATE OR REPLACE TRIGGER guard_moderation BEFORE UPDATE ON public.tutorials
    FOR EACH ROW EXECUTE FUNCTION private.guard_moderation();

-- With a definition go its executions, and with them how their steps are undone: so none may be under way. Not so when
-- the account goes: that deletion comes here as the tables' owner.
CREATE OR REPLACE FUNCTION private.guard_running_workflow() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user IN ('authenticated', 'service_role') AND EXISTS (
        SELECT FROM public.workflow_executions AS execution
        WHERE execution.workflow_id = old.id AND execution.status IN ('pending', 'running')
    ) THEN
        RAISE EXCEPTION 'workflow "%" has executions that have not ended: cancel them or wait for them', old.id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN old;
END
$$;

CREATE OR REPLACE TRIGGER guard_running_workflow BEFORE DELETE ON public.workflows
    FOR EACH ROW EXECUTE FUNCTION private.guard_running_workflow();

ALTER FUNCTION private.count_workflow_version() OWNER TO zowner;
ALTER FUNCTION private.keep_workflow_version() OWNER TO zplatform;
ALTER FUNCTION private.guard_running_workflow() OWNER TO zowner;
ALTER FUNCTION private.guard_moderation() OWNER TO zowner;
REVOKE EXECUTE ON FUNCTION
    private.count_workflow_version(), private.keep_workflow_version(), private.guard_moderation(),
    private.guard_running_workflow()
FROM PUBLIC;
