-- Roles and schemas: what must be there before any table. Run at every migration, since roles belong to the cluster and
-- not to the database, so a database restored elsewhere arrives without them.

-- Databases of one cluster may migrate at the same moment: one of them makes the roles.
LOCK TABLE pg_catalog.pg_authid IN SHARE UPDATE EXCLUSIVE MODE;

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            -- What a request may act as.
            ('anon', 'NOLOGIN NOINHERIT'),
            ('authenticated', 'NOLOGIN NOINHERIT'),
            ('service_role', 'NOLOGIN NOINHERIT BYPASSRLS'),
            -- Owns the tables; forced row security binds it too.
            ('zowner', 'NOLOGIN NOINHERIT'),
            -- Owns the SECURITY DEFINER functions that must see across tenants.
            ('zplatform', 'NOLOGIN NOINHERIT BYPASSRLS'),
            -- What processes log in as.
            ('zapi', 'LOGIN NOINHERIT'),
            ('zauth', 'LOGIN NOINHERIT'),
            ('zservice', 'LOGIN NOINHERIT'),
            ('zworker', 'LOGIN NOINHERIT')
        ) AS role (name, options)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.options);
        END IF;
    END LOOP;
END
$$;

-- Requests can never become the service: no SQL injection in them can either.
GRANT anon, authenticated TO zapi WITH INHERIT FALSE, SET TRUE;
GRANT anon, authenticated, service_role TO zservice WITH INHERIT FALSE, SET TRUE;
GRANT authenticated, service_role TO zworker WITH INHERIT FALSE, SET TRUE;

CREATE SCHEMA IF NOT EXISTS auth AUTHORIZATION zowner;
CREATE SCHEMA IF NOT EXISTS storage AUTHORIZATION zowner;
CREATE SCHEMA IF NOT EXISTS private AUTHORIZATION zowner;
-- Parts of tables, which are reached through their table alone: nobody has a right on it.
CREATE SCHEMA IF NOT EXISTS partitions AUTHORIZATION zowner;
ALTER SCHEMA public OWNER TO zowner;

-- What most files of functions end with: these see across tenants, and nobody calls them but whom they are granted to.
CREATE OR REPLACE PROCEDURE private.give_to_platform(p_names name[], p_callers name[] DEFAULT '{}')
LANGUAGE plpgsql
SET search_path = ''
AS $$
DECLARE
    v_name name;
    v_function regprocedure;
    v_caller name;
BEGIN
    FOREACH v_name IN ARRAY p_names LOOP
        FOR v_function IN
            SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
             WHERE p.pronamespace = 'private'::regnamespace AND p.proname = v_name
        LOOP
            EXECUTE format('ALTER FUNCTION %s OWNER TO zplatform', v_function);
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
            FOREACH v_caller IN ARRAY p_callers LOOP
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', v_function, v_caller);
            END LOOP;
        END LOOP;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no function private.%', v_name;
        END IF;
    END LOOP;
END
$$;
ALTER PROCEDURE private.give_to_platform(name[], name[]) OWNER TO zowner;
REVOKE ALL ON PROCEDURE private.give_to_platform(name[], name[]) FROM PUBLIC;
