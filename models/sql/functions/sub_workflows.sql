-- Executions that executions begin. ZW400: what was asked for cannot be run; ZW404: the owner has no such workflow.

DROP FUNCTION IF EXISTS private.find_sub_workflow(uuid, text, uuid, text, text, text);

-- The definition that a task names, of the owner's own, and the execution that the task's key has begun before.
CREATE FUNCTION private.find_sub_workflow(
    p_parent uuid, p_key text, p_owner uuid, p_namespace text, p_name text, p_version text,
    OUT execution_id uuid, OUT workflow_id uuid, OUT version integer, OUT name text, OUT document text,
    OUT started_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_depth integer;
    v_active boolean;
BEGIN
    SELECT e.id, e.workflow_id, e.version, w.name, v.config::text, e.started_at
      INTO execution_id, workflow_id, version, name, document, started_at
      FROM private.effects f JOIN public.workflow_executions e ON e.id = (f.result->>'execution_id')::uuid
      JOIN public.workflows w ON w.id = e.workflow_id
      JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (e.workflow_id, e.version)
     WHERE (f.execution_id, f.key) = (p_parent, p_key);
    IF FOUND THEN
        RETURN;
    END IF;

    WITH RECURSIVE line (id, parent, depth) AS (
        SELECT e.id, e.parent_execution_id, 1 FROM public.workflow_executions e WHERE e.id = p_parent
        UNION ALL
        SELECT e.id, e.parent_execution_id, l.depth + 1
          FROM line l JOIN public.workflow_executions e ON e.id = l.parent WHERE l.depth <= 10
    )
    SELECT max(l.depth) INTO v_depth FROM line l;
    IF v_depth >= 10 THEN
        RAISE EXCEPTION 'workflows run workflows 10 deep, which is the most: look for one that runs itself'
            USING ERRCODE = 'ZW400';
    END IF;

    -- Of several with one name the newest.
    SELECT w.id, v.version, w.name, v.config::text, w.is_active
      INTO workflow_id, version, name, document, v_active
      FROM public.workflows w JOIN private.workflow_versions v ON v.workflow_id = w.id
     WHERE w.user_id = p_owner AND w.config #>> '{document,namespace}'::text[] = p_namespace
       AND w.config #>> '{document,name}'::text[] = p_name
       AND CASE WHEN p_version = 'latest' THEN v.version = w.version
           ELSE v.config #>> '{document,version}'::text[] = p_version END
     ORDER BY w.is_active DESC, w.id DESC, v.version DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'you have no workflow "%/%" of version %', p_namespace, p_name, p_version USING ERRCODE = 'ZW404';
    END IF;
    IF NOT v_active THEN
        RAISE EXCEPTION 'the workflow "%/%" is switched off: set is_active to run it', p_namespace, p_name
            USING ERRCODE = 'ZW409';
    END IF;
END
$$;

-- Inserts its row, once for the key of the task. A limit of runs under way does not hold it up: its parent would wait.
CREATE OR REPLACE FUNCTION private.begin_sub_workflow(
    p_parent uuid, p_key text, p_owner uuid, p_workflow_id uuid, p_version integer, p_input jsonb,
    OUT execution_id uuid, OUT started_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_claim record;
BEGIN
    PERFORM FROM public.workflows w WHERE w.id = p_workflow_id FOR NO KEY UPDATE;
    SELECT * INTO v_claim FROM private.effect_claim(p_parent, p_key);
    IF NOT v_claim.fresh THEN
        SELECT e.id, e.started_at INTO execution_id, started_at FROM public.workflow_executions e
         WHERE e.id = (v_claim.answer->>'execution_id')::uuid;
        RETURN;
    END IF;
    INSERT INTO public.workflow_executions AS e
           (user_id, workflow_id, status, trigger_data, version, trigger, started_at, parent_execution_id)
    VALUES (p_owner, p_workflow_id, 'pending', p_input, p_version, 'workflow', now(), p_parent)
    RETURNING e.id, e.started_at INTO execution_id, started_at;
    UPDATE private.effects f SET result = jsonb_build_object('execution_id', begin_sub_workflow.execution_id)
     WHERE (f.execution_id, f.key) = (p_parent, p_key);
    UPDATE public.workflows w SET status = 'running', last_run_at = now() WHERE w.id = p_workflow_id;
END
$$;

-- What a completed execution has done, for the parent that may undo it.
CREATE OR REPLACE FUNCTION private.keep_journal(p_execution_id uuid, p_checkpoint jsonb)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO private.journals (execution_id, checkpoint)
    SELECT e.id, p_checkpoint FROM public.workflow_executions e WHERE e.id = p_execution_id
    ON CONFLICT DO NOTHING;
$$;

DROP FUNCTION IF EXISTS private.load_journal(uuid);

CREATE FUNCTION private.load_journal(
    p_execution_id uuid, OUT owner_id uuid, OUT definition_id uuid, OUT version integer, OUT name text,
    OUT document text, OUT trigger_data text, OUT started_at timestamptz, OUT checkpoint text
) RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.user_id, e.workflow_id, e.version, w.name, v.config::text, e.trigger_data::text,
           coalesce(e.started_at, e.created_at), j.checkpoint::text
      FROM private.journals j JOIN public.workflow_executions e ON e.id = j.execution_id
      JOIN public.workflows w ON w.id = e.workflow_id
      JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (e.workflow_id, e.version)
     WHERE j.execution_id = p_execution_id;
$$;

-- It stays completed, which it was; its tasks say what was undone, and nothing is left to undo.
CREATE OR REPLACE FUNCTION private.record_rollback(p_execution_id uuid, p_status text, p_tasks jsonb)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.workflow_executions SET tasks = p_tasks,
           error_message = 'rolled back with the execution that ran it: ' || p_status
     WHERE id = p_execution_id;
    DELETE FROM private.journals WHERE execution_id = p_execution_id;
$$;

DROP FUNCTION IF EXISTS private.execution_outcome(uuid);

CREATE FUNCTION private.execution_outcome(p_execution_id uuid)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('status', e.status, 'result', e.result_data, 'error', e.error)
      FROM public.workflow_executions e WHERE e.id = p_execution_id;
$$;

-- Workflows that a document names as text, whatever runs them.
CREATE OR REPLACE FUNCTION private.workflows_in(p_config jsonb)
RETURNS TABLE (namespace text, name text) LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT found->>'namespace', found->>'name'
      FROM jsonb_path_query(p_config, 'strict $.**.run.workflow', silent => true) AS found
     WHERE jsonb_typeof(found) = 'object' AND found->>'namespace' NOT LIKE '%${%' AND found->>'name' NOT LIKE '%${%';
$$;

-- A definition that would run itself, directly or through others of its owner's, is refused when it is written.
CREATE OR REPLACE FUNCTION private.refuse_circles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_found boolean;
    v_through text;
    v_namespace CONSTANT text := new.config #>> '{document,namespace}'::text[];
    v_name CONSTANT text := new.config #>> '{document,name}'::text[];
BEGIN
    -- Each is looked at once, however many ways lead to it: a chain of definitions, or a thick net of them, costs as much as
    -- it has definitions.
    WITH RECURSIVE run (namespace, name) AS (
        SELECT r.namespace, r.name FROM private.workflows_in(new.config) r
        UNION
        SELECT r.namespace, r.name
          FROM run JOIN public.workflows w ON w.user_id = new.user_id AND w.id <> new.id
           AND w.config #>> '{document,namespace}'::text[] = run.namespace
           AND w.config #>> '{document,name}'::text[] = run.name
         CROSS JOIN LATERAL private.workflows_in(w.config) r
    )
    SELECT true INTO v_found FROM run WHERE (run.namespace, run.name) = (v_namespace, v_name);
    IF v_found IS NULL THEN
        RETURN NULL;
    END IF;
    -- Which of those that it runs leads back to it, for whoever has to mend it.
    WITH RECURSIVE run (namespace, name, through) AS (
        SELECT r.namespace, r.name, r.namespace || '/' || r.name FROM private.workflows_in(new.config) r
        UNION
        SELECT r.namespace, r.name, run.through
          FROM run JOIN public.workflows w ON w.user_id = new.user_id AND w.id <> new.id
           AND w.config #>> '{document,namespace}'::text[] = run.namespace
           AND w.config #>> '{document,name}'::text[] = run.name
         CROSS JOIN LATERAL private.workflows_in(w.config) r
         WHERE (run.namespace, run.name) <> (v_namespace, v_name)
    )
    SELECT run.through INTO v_through FROM run WHERE (run.namespace, run.name) = (v_namespace, v_name) LIMIT 1;
    RAISE EXCEPTION 'the workflow would run itself through "%": workflows may not run each other in a circle', v_through
        USING ERRCODE = 'check_violation';
END
$$;

CREATE OR REPLACE TRIGGER refuse_circles AFTER INSERT OR UPDATE OF config ON public.workflows
    FOR EACH ROW WHEN (jsonb_path_exists(new.config, 'strict $.**.run.workflow', silent => true))
    EXECUTE FUNCTION private.refuse_circles();

-- Owners and rights: nothing here is anybody's but the worker's.
CALL private.give_to_platform(ARRAY[
    'find_sub_workflow', 'begin_sub_workflow', 'keep_journal', 'load_journal', 'record_rollback', 'execution_outcome'
], '{zworker}');
ALTER FUNCTION private.workflows_in(jsonb) OWNER TO zplatform;
ALTER FUNCTION private.refuse_circles() OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.workflows_in(jsonb), private.refuse_circles() FROM PUBLIC;
GRANT SELECT, INSERT, DELETE ON private.journals TO zplatform;
