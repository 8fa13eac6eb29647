-- What follows when the platform's owner changes the schema: the API learns of it at once, and a table gets the rights
-- that its row security makes safe (docs/decisions/0015-tables-the-owner-adds.md). Both run as whoever makes the change.

-- The channel and the word are those that migrations of Supabase projects know. Many of them in one transaction are one.
CREATE OR REPLACE FUNCTION private.announce_change() RETURNS event_trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS made WHERE made.schema_name IS DISTINCT FROM 'pg_temp') THEN
        NOTIFY pgrst, 'reload schema';
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION private.announce_drop() RETURNS event_trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() AS gone WHERE NOT gone.is_temporary) THEN
        NOTIFY pgrst, 'reload schema';
    END IF;
END
$$;

-- Rights are given once, at the moment when row security comes on, and taken when it goes: what the owner revokes in
-- between stays revoked. MAINTAIN, which zplatform has no other use for, says that the moment has been. Our own tables
-- are left alone: grants.sql names what may be done with each of their columns.
CREATE OR REPLACE FUNCTION private.follow_row_security() RETURNS event_trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ours CONSTANT text[] := ARRAY[
        'profiles', 'user_roles', 'tutorials', 'videos', 'workflows', 'workflow_executions', 'contacts', 'deals',
        'activities', 'api_endpoints', 'api_keys', 'api_requests', 'app_projects'
    ];
    changed record;
    numbering regclass;
BEGIN
    FOR changed IN
        SELECT t.oid, t.oid::regclass AS name, t.relrowsecurity AS is_secured,
            EXISTS (
                SELECT FROM aclexplode(t.relacl)
                WHERE grantee = 'zplatform'::regrole AND privilege_type = 'MAINTAIN'
            ) AS is_open
        FROM pg_class AS t
        WHERE t.oid IN (SELECT objid FROM pg_event_trigger_ddl_commands() WHERE classid = 'pg_class'::regclass)
            AND t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND t.relname <> ALL (ours)
    LOOP
        IF changed.is_secured AND NOT changed.is_open THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO anon, authenticated', changed.name);
            EXECUTE format('GRANT MAINTAIN ON %s TO zplatform', changed.name);
            FOR numbering IN
                SELECT d.objid FROM pg_depend AS d JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
                WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = changed.oid
                    AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            LOOP
                EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %s TO anon, authenticated', numbering);
            END LOOP;
        ELSIF changed.is_open AND NOT changed.is_secured THEN
            EXECUTE format('REVOKE SELECT, INSERT, UPDATE, DELETE ON %s FROM anon, authenticated', changed.name);
            EXECUTE format('REVOKE MAINTAIN ON %s FROM zplatform', changed.name);
        END IF;
    END LOOP;

    -- A column that numbers rows may come later: whoever may insert may number.
    FOR changed IN
        SELECT s.oid::regclass AS name, r.role
        FROM pg_event_trigger_ddl_commands() AS made
        JOIN pg_depend AS d ON d.objid = made.objid AND d.deptype IN ('a', 'i')
        JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_class AS t ON t.oid = d.refobjid
        CROSS JOIN unnest(ARRAY['anon', 'authenticated']) AS r (role)
        WHERE made.command_tag = 'CREATE SEQUENCE' AND made.classid = 'pg_class'::regclass
            AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
            AND t.relrowsecurity AND t.relnamespace = 'public'::regnamespace AND t.relname <> ALL (ours)
            AND has_any_column_privilege(r.role, t.oid, 'INSERT')
    LOOP
        EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %s TO %I', changed.name, changed.role);
    END LOOP;
END
$$;

REVOKE EXECUTE ON FUNCTION
    private.announce_change(), private.announce_drop(), private.follow_row_security()
FROM PUBLIC;

DROP EVENT TRIGGER IF EXISTS announce_change;
CREATE EVENT TRIGGER announce_change ON ddl_command_end EXECUTE FUNCTION private.announce_change();

DROP EVENT TRIGGER IF EXISTS announce_drop;
CREATE EVENT TRIGGER announce_drop ON sql_drop EXECUTE FUNCTION private.announce_drop();

DROP EVENT TRIGGER IF EXISTS follow_row_security;
CREATE EVENT TRIGGER follow_row_security ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
    EXECUTE FUNCTION private.follow_row_security();
