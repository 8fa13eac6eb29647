-- Who the caller is, from the claims that the transaction was opened with.
--
-- No SET clause and no SECURITY DEFINER, so that the planner inlines them; types are named in full, since without one
-- a temporary type of the session would come before them. Both nullifs matter: a fresh connection knows
-- no such setting (NULL), and one that has served a request before knows it as '', which is not JSON.
-- `request.jwt.claim.sub` is how older migrations and tests of Supabase projects set the caller.

CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(nullif(current_setting('request.jwt.claims', true), '')::pg_catalog.jsonb ->> 'sub', '')
    )::pg_catalog.uuid
$$;

CREATE OR REPLACE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::pg_catalog.jsonb ->> 'role'
    )
$$;

CREATE OR REPLACE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        nullif(current_setting('request.jwt.claim.email', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::pg_catalog.jsonb ->> 'email'
    )
$$;

CREATE OR REPLACE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('request.jwt.claims', true), '')::pg_catalog.jsonb
$$;

ALTER FUNCTION auth.uid() OWNER TO zowner;
ALTER FUNCTION auth.role() OWNER TO zowner;
ALTER FUNCTION auth.email() OWNER TO zowner;
ALTER FUNCTION auth.jwt() OWNER TO zowner;

REVOKE EXECUTE ON FUNCTION auth.uid(), auth.role(), auth.email(), auth.jwt() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.uid(), auth.role(), auth.email(), auth.jwt()
    TO anon, authenticated, service_role, zplatform, zservice, zworker;
