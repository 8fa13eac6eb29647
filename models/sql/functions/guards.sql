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

-- A document that does not say its own name is called as before, or by its row: others find it by that name. This comes
-- before count_workflow_version, by the order of their names: what is the same afterwards is no new version.
CREATE OR REPLACE FUNCTION private.complete_document() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    new.config := jsonb_set(new.config, '{document,name}', coalesce(
        CASE WHEN TG_OP = 'UPDATE' THEN old.config #> '{document,name}' END, '"workflow"'));
    RETURN new;
END
$$;

CREATE OR REPLACE TRIGGER complete_document BEFORE INSERT OR UPDATE OF config ON public.workflows
    FOR EACH ROW WHEN (jsonb_typeof(new.config -> 'document') = 'object' AND NOT new.config -> 'document' ? 'name')
    EXECUTE FUNCTION private.complete_document();

-- Every version is kept: a run that starts late, or again, must run what was current when it was accepted.
-- With it goes how many of its runs may be under way at once and how long they are kept, so that no start has to read the document for it.
CREATE OR REPLACE FUNCTION private.keep_workflow_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bound CONSTANT jsonb := new.config #> '{document,metadata,concurrency}';
    days CONSTANT text := new.config #>> '{document,metadata,retention,days}';
BEGIN
    INSERT INTO private.workflow_versions (workflow_id, version, config, concurrency_limit, on_limit, retention_days)
    VALUES (
        new.id, new.version, new.config,
        -- The API refuses what is no limit; what came past it is no limit either.
        CASE WHEN bound ->> 'limit' ~ '^[1-9][0-9]{0,4}$' THEN (bound ->> 'limit')::integer END,
        CASE WHEN bound ->> 'onLimit' IN ('skip', 'reject') THEN bound ->> 'onLimit' ELSE 'queue' END,
        CASE WHEN days ~ '^[1-9][0-9]{0,3}$' THEN days::integer END
    )
    ON CONFLICT DO NOTHING;
    IF tg_op = 'UPDATE' THEN
        PERFORM private.release_queued(new.id);  -- the new limit may have room for them
    END IF;
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
        WHERE execution.user_id = old.user_id AND execution.workflow_id = old.id
            AND execution.status IN ('pending', 'running')
    ) THEN
        RAISE EXCEPTION 'workflow "%" has executions that have not ended: cancel them or wait for them', old.id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN old;
END
$$;

CREATE OR REPLACE TRIGGER guard_running_workflow BEFORE DELETE ON public.workflows
    FOR EACH ROW EXECUTE FUNCTION private.guard_running_workflow();

ALTER FUNCTION private.complete_document() OWNER TO zowner;
ALTER FUNCTION private.count_workflow_version() OWNER TO zowner;
ALTER FUNCTION private.keep_workflow_version() OWNER TO zplatform;
ALTER FUNCTION private.guard_running_workflow() OWNER TO zowner;
ALTER FUNCTION private.guard_moderation() OWNER TO zowner;
REVOKE EXECUTE ON FUNCTION
    private.complete_document(), private.count_workflow_version(), private.keep_workflow_version(), private.guard_moderation(),
    private.guard_running_workflow()
FROM PUBLIC;
