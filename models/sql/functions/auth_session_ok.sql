-- Whether a token's session still lives, asked at the opening of every transaction: signing out, a ban and a deletion
-- end access tokens at once and not when they expire. A token without a session (anonymous, service) has none to ask for.

CREATE OR REPLACE FUNCTION auth.session_ok(sid uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF sid IS NULL THEN
        RETURN true;
    END IF;
    RETURN EXISTS (
        SELECT FROM auth.sessions AS session
        JOIN auth.users AS account ON account.id = session.user_id
        WHERE session.id = sid
            AND (session.not_after IS NULL OR session.not_after > now())
            AND (account.banned_until IS NULL OR account.banned_until <= now())
            AND account.deleted_at IS NULL
    );
END
$$;

ALTER FUNCTION auth.session_ok(uuid) OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION auth.session_ok(uuid) FROM PUBLIC;
-- Also to the logins: PostgreSQL checks this right before the statement that calls it takes the role.
GRANT EXECUTE ON FUNCTION auth.session_ok(uuid) TO anon, authenticated, service_role, zapi, zservice, zworker;

-- The same question for a statement whose answer nobody reads: the opening of a transaction. Raises ZS403.
CREATE OR REPLACE FUNCTION auth.require_session(sid uuid) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT auth.session_ok(sid) THEN
        RAISE EXCEPTION 'Session from session_id claim in JWT does not exist' USING ERRCODE = 'ZS403';
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION auth.require_session(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.require_session(uuid) TO anon, authenticated, service_role, zapi, zservice, zworker;
