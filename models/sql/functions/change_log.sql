-- Every change of our tables is a row of private.change_log, written by its own transaction: what realtime tails, and
-- what events of rows are made from. Tables that the platform's owner adds are left alone, and so is the gateway's log: its
-- rows are no changes, and come by the hundred a second.

DROP FUNCTION IF EXISTS private.changes_after(bigint, bigint, integer);

-- The execution that this transaction acts for, if it is one.
CREATE OR REPLACE FUNCTION private.acting_execution()
RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT nullif(current_setting('zilliance.execution', true), '')::uuid;
$$;

-- Where a transaction's log stood, so that a statement can find what it has added. Null: nobody wants events of these.
CREATE OR REPLACE FUNCTION private.log_position(p_owners uuid[])
RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT max(c.cursor) FROM private.change_log c WHERE c.xid = pg_current_xact_id()::text::bigint), 0)
     WHERE EXISTS (SELECT FROM private.event_interests i WHERE i.user_id = ANY (p_owners));
$$;

-- One statement's changes in one statement, so that bulk inserts stay fast. The arguments name columns that are too large,
-- or that their owner may write and not read. An update that changed nothing but the time of change, or of use, is none.
CREATE OR REPLACE FUNCTION private.log_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_without text[] := coalesce(TG_ARGV::text[], '{}');
    v_execution uuid := private.acting_execution();
    v_before bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        v_before := private.log_position(ARRAY(SELECT DISTINCT n.user_id FROM new_rows n));
        INSERT INTO private.change_log (user_id, table_name, row_id, operation, record, execution_id)
        SELECT n.user_id, TG_TABLE_NAME, n.id, 'insert', to_jsonb(n) - v_without, v_execution FROM new_rows n;
    ELSIF TG_OP = 'UPDATE' THEN
        v_before := private.log_position(ARRAY(SELECT DISTINCT n.user_id FROM new_rows n));
        INSERT INTO private.change_log (user_id, table_name, row_id, operation, record, old_record, execution_id)
        SELECT c.user_id, TG_TABLE_NAME, c.id, 'update', c.record, c.old_record, v_execution
          FROM (SELECT n.user_id, n.id, r.new AS record, (
                    SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(r.old) AS f
                     WHERE r.new->f.key IS DISTINCT FROM f.value
                ) AS old_record
                  FROM new_rows n JOIN old_rows o ON o.id = n.id,
                       LATERAL (SELECT to_jsonb(n) - v_without AS new, to_jsonb(o) - v_without AS old) AS r
               ) AS c
         WHERE c.old_record - ARRAY['updated_at', 'last_used_at'] <> '{}'::jsonb;
    ELSE
        v_before := private.log_position(ARRAY(SELECT DISTINCT o.user_id FROM old_rows o));
        INSERT INTO private.change_log (user_id, table_name, row_id, operation, old_record, execution_id)
        SELECT o.user_id, TG_TABLE_NAME, o.id, 'delete', to_jsonb(o) - v_without, v_execution FROM old_rows o;
    END IF;
    IF v_before IS NOT NULL THEN
        PERFORM private.announce_changes(v_before);
    END IF;
    RETURN NULL;
END
$$;

-- A profile is its account's: the id is the owner. One at a time, as they come.
CREATE OR REPLACE FUNCTION private.log_profile() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner uuid := CASE WHEN TG_OP = 'DELETE' THEN old.id ELSE new.id END;
    v_before bigint := private.log_position(ARRAY[v_owner]);
BEGIN
    INSERT INTO private.change_log (user_id, table_name, row_id, operation, record, old_record, execution_id)
    VALUES (v_owner, TG_TABLE_NAME, v_owner, lower(TG_OP), CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(new) END,
            CASE TG_OP WHEN 'DELETE' THEN to_jsonb(old) WHEN 'UPDATE' THEN (
                SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(to_jsonb(old)) AS f
                 WHERE to_jsonb(new)->f.key IS DISTINCT FROM f.value) END,
            private.acting_execution());
    IF v_before IS NOT NULL THEN
        PERFORM private.announce_changes(v_before);
    END IF;
    RETURN NULL;
END
$$;

-- Executions and definitions change with every run, so their log is lean and made row by row, without the tables of a
-- statement: who wants the rest reads the row.
CREATE OR REPLACE FUNCTION private.log_execution() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_row public.workflow_executions := CASE WHEN TG_OP = 'DELETE' THEN old ELSE new END;
    v_lean jsonb := jsonb_build_object(
        'id', v_row.id, 'user_id', v_row.user_id, 'workflow_id', v_row.workflow_id, 'status', v_row.status,
        'phase', v_row.phase);
    v_cursor bigint;
    v_word text;
BEGIN
    INSERT INTO private.change_log (user_id, table_name, row_id, operation, record, old_record, execution_id)
    VALUES (v_row.user_id, 'workflow_executions', v_row.id, lower(TG_OP), CASE WHEN TG_OP <> 'DELETE' THEN v_lean END,
            CASE TG_OP WHEN 'DELETE' THEN v_lean WHEN 'UPDATE' THEN
                jsonb_build_object('status', old.status, 'phase', old.phase) END, v_row.id)
    RETURNING cursor INTO v_cursor;
    IF NOT EXISTS (SELECT FROM private.event_interests i WHERE i.user_id = v_row.user_id) THEN
        RETURN NULL;
    END IF;
    PERFORM private.announce_changes(v_cursor - 1);
    IF TG_OP <> 'DELETE' THEN
        v_word := CASE
            WHEN TG_OP = 'INSERT' THEN 'started'
            WHEN new.status IN ('completed', 'cancelled') THEN new.status
            WHEN new.status = 'failed' THEN 'faulted'
            WHEN new.phase = 'suspended' THEN 'suspended'
            WHEN old.phase = 'suspended' THEN 'resumed' END;
        IF v_word IS NOT NULL THEN
            PERFORM private.announce_run(v_row.id, v_word, v_cursor);
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION private.log_workflow() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_new jsonb;
    v_old jsonb;
    v_owner uuid := CASE WHEN TG_OP = 'DELETE' THEN old.user_id ELSE new.user_id END;
    v_cursor bigint;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        v_new := private.lean_workflow(new);
    END IF;
    IF TG_OP <> 'INSERT' THEN
        v_old := private.lean_workflow(old);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(f.key, f.value) INTO v_old FROM jsonb_each(v_old) AS f
         WHERE v_new->f.key IS DISTINCT FROM f.value;
    END IF;
    INSERT INTO private.change_log (user_id, table_name, row_id, operation, record, old_record, execution_id)
    VALUES (v_owner, 'workflows', CASE WHEN TG_OP = 'DELETE' THEN old.id ELSE new.id END, lower(TG_OP), v_new, v_old,
            private.acting_execution())
    RETURNING cursor INTO v_cursor;
    IF EXISTS (SELECT FROM private.event_interests i WHERE i.user_id = v_owner) THEN
        PERFORM private.announce_changes(v_cursor - 1);
    END IF;
    RETURN NULL;
END
$$;

-- All of a definition but its document.
CREATE OR REPLACE FUNCTION private.lean_workflow(p_row public.workflows)
RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'id', p_row.id, 'user_id', p_row.user_id, 'name', p_row.name, 'status', p_row.status,
        'is_active', p_row.is_active, 'version', p_row.version, 'last_run_at', p_row.last_run_at,
        'next_run_at', p_row.next_run_at, 'created_at', p_row.created_at, 'updated_at', p_row.updated_at);
$$;

-- Triggers, each named after what it does.
DO $$
DECLARE
    logged record;
BEGIN
    FOR logged IN
        SELECT * FROM (VALUES
            ('user_roles', ''), ('tutorials', '''content'', ''steps'''), ('videos', ''), ('contacts', ''), ('deals', ''),
            ('activities', ''), ('api_endpoints', '''headers'', ''sealed_headers'', ''segments'', ''literal_prefix'''),
            ('api_keys', '''key_hash'', ''previous_key_hash'''), ('app_projects', '''config'', ''components''')
        ) AS t (name, without)
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER log_inserts AFTER INSERT ON public.%1$I REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION private.log_changes(%2$s)', logged.name, logged.without);
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER log_updates AFTER UPDATE ON public.%1$I REFERENCING OLD TABLE AS old_rows '
            'NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.log_changes(%2$s)',
            logged.name, logged.without);
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER log_deletes AFTER DELETE ON public.%1$I REFERENCING OLD TABLE AS old_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION private.log_changes(%2$s)', logged.name, logged.without);
    END LOOP;
END
$$;

CREATE OR REPLACE TRIGGER log_changes AFTER INSERT OR UPDATE OR DELETE ON public.profiles
    FOR EACH ROW EXECUTE FUNCTION private.log_profile();
CREATE OR REPLACE TRIGGER log_made AFTER INSERT OR DELETE ON public.workflows
    FOR EACH ROW EXECUTE FUNCTION private.log_workflow();
CREATE OR REPLACE TRIGGER log_updates AFTER UPDATE ON public.workflows FOR EACH ROW
    WHEN ((old.status, old.name, old.is_active, old.version, old.next_run_at)
          IS DISTINCT FROM (new.status, new.name, new.is_active, new.version, new.next_run_at))
    EXECUTE FUNCTION private.log_workflow();
CREATE OR REPLACE TRIGGER log_made AFTER INSERT OR DELETE ON public.workflow_executions
    FOR EACH ROW EXECUTE FUNCTION private.log_execution();
CREATE OR REPLACE TRIGGER log_updates AFTER UPDATE ON public.workflow_executions FOR EACH ROW
    WHEN ((old.status, old.phase) IS DISTINCT FROM (new.status, new.phase)) EXECUTE FUNCTION private.log_execution();
DROP FUNCTION IF EXISTS private.log_run();

-- Changes after a position, for those who tail the log. Cursors are taken before the commit, and a transaction may commit
-- after one that began later: so the order is by transaction, and only those are shown before whom none is under way.
-- Whoever keeps the last (xid, cursor) he was shown misses nothing and is shown nothing twice.
CREATE FUNCTION private.changes_after(p_xid bigint, p_cursor bigint, p_limit integer)
RETURNS SETOF private.change_log LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.* FROM private.change_log c
     WHERE (c.xid, c.cursor) > (p_xid, p_cursor)
       AND c.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
     ORDER BY c.xid, c.cursor LIMIT p_limit;
$$;

-- Owners and rights.
ALTER FUNCTION private.log_position(uuid[]) OWNER TO zplatform;
ALTER FUNCTION private.log_changes() OWNER TO zplatform;
ALTER FUNCTION private.log_profile() OWNER TO zplatform;
ALTER FUNCTION private.log_execution() OWNER TO zplatform;
ALTER FUNCTION private.log_workflow() OWNER TO zplatform;
ALTER FUNCTION private.lean_workflow(public.workflows) OWNER TO zplatform;
ALTER FUNCTION private.changes_after(bigint, bigint, integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION
    private.acting_execution(), private.log_position(uuid[]), private.log_changes(), private.log_profile(),
    private.log_execution(), private.log_workflow(), private.lean_workflow(public.workflows), private.changes_after(bigint, bigint, integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.acting_execution() TO zplatform;
GRANT EXECUTE ON FUNCTION private.changes_after(bigint, bigint, integer) TO zservice, zworker;
GRANT SELECT, INSERT, DELETE ON private.change_log TO zplatform;
