-- Webhooks of definitions. Their owner makes and changes them; the API finds one by the digest of its token, and begins a
-- run for it in one statement. Order of locks: the definition first, then the webhook.

DROP FUNCTION IF EXISTS private.create_hook(uuid, uuid, bytea, text, text, bytea, text[], text, integer, integer);
DROP FUNCTION IF EXISTS private.find_hook(bytea);
DROP FUNCTION IF EXISTS private.accept_hook(uuid, integer, jsonb, text, integer, interval);

CREATE OR REPLACE FUNCTION private.hook_json(p_hook private.workflow_hooks)
RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'id', p_hook.id, 'workflow_id', p_hook.workflow_id, 'scheme', p_hook.scheme, 'methods', p_hook.methods,
        'respond', p_hook.respond, 'rate_limit', p_hook.rate_limit, 'created_at', p_hook.created_at,
        'previous_secret_until', p_hook.previous_until
    );
$$;

-- Makes a webhook of the caller's own definition. `outcome`: created, missing, full.
CREATE FUNCTION private.create_hook(
    p_id uuid, p_workflow_id uuid, p_token_hash bytea, p_scheme text, p_key_id text, p_secret bytea, p_methods text[],
    p_respond text, p_rate_limit integer, p_most integer, OUT outcome text, OUT hook text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_hook private.workflow_hooks;
BEGIN
    PERFORM FROM public.workflows w
      WHERE w.id = p_workflow_id AND w.user_id = auth.uid() FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'missing';
        RETURN;
    END IF;
    IF (SELECT count(*) FROM private.workflow_hooks h WHERE h.workflow_id = p_workflow_id) >= p_most THEN
        outcome := 'full';
        RETURN;
    END IF;
    INSERT INTO private.workflow_hooks AS h
           (id, user_id, workflow_id, token_hash, scheme, secret_key_id, secret, methods, respond, rate_limit)
    VALUES (p_id, auth.uid(), p_workflow_id, p_token_hash, p_scheme, p_key_id, p_secret, p_methods, p_respond, p_rate_limit)
    RETURNING h.* INTO v_hook;
    outcome := 'created';
    hook := private.hook_json(v_hook)::text;
END
$$;

-- A page of the webhooks of the caller's own definition, newest first, as `{"items", "next"}`; null: no such definition.
CREATE OR REPLACE FUNCTION private.list_hooks(p_workflow_id uuid, p_after uuid, p_limit integer)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH page AS (
        SELECT h.* FROM private.workflow_hooks h
         WHERE h.workflow_id = p_workflow_id AND h.user_id = auth.uid() AND (p_after IS NULL OR h.id < p_after)
         ORDER BY h.id DESC LIMIT p_limit + 1
    ), shown AS (SELECT * FROM page ORDER BY id DESC LIMIT p_limit)
    SELECT jsonb_build_object(
        'items', (SELECT coalesce(jsonb_agg(private.hook_json(s::private.workflow_hooks) ORDER BY s.id DESC), '[]') FROM shown s),
        'next', CASE WHEN (SELECT count(*) FROM page) > p_limit THEN (SELECT s.id FROM shown s ORDER BY s.id LIMIT 1) END
    )::text
      FROM public.workflows w WHERE w.id = p_workflow_id AND w.user_id = auth.uid();
$$;

CREATE OR REPLACE FUNCTION private.delete_hook(p_workflow_id uuid, p_hook_id uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM private.workflow_hooks h
     WHERE h.id = p_hook_id AND h.workflow_id = p_workflow_id AND h.user_id = auth.uid();
    RETURN FOUND;
END
$$;

-- Gives a webhook another secret; the old one is taken beside it for a while. Null: none such, or one without a secret.
CREATE OR REPLACE FUNCTION private.rotate_hook(
    p_workflow_id uuid, p_hook_id uuid, p_key_id text, p_secret bytea, p_overlap interval
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_hook private.workflow_hooks;
BEGIN
    UPDATE private.workflow_hooks AS h
       SET previous_key_id = h.secret_key_id, previous_secret = h.secret, previous_until = now() + p_overlap,
           secret_key_id = p_key_id, secret = p_secret, revision = h.revision + 1
     WHERE h.id = p_hook_id AND h.workflow_id = p_workflow_id AND h.user_id = auth.uid() AND h.scheme <> 'none'
    RETURNING h.* INTO v_hook;
    RETURN CASE WHEN FOUND THEN private.hook_json(v_hook)::text END;
END
$$;

-- The scheme of the caller's own webhook, or null.
CREATE OR REPLACE FUNCTION private.hook_scheme(p_workflow_id uuid, p_hook_id uuid)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.scheme FROM private.workflow_hooks h
     WHERE h.id = p_hook_id AND h.workflow_id = p_workflow_id AND h.user_id = auth.uid();
$$;

-- What a call is checked against, by the digest of its token.
CREATE FUNCTION private.find_hook(p_token_hash bytea)
RETURNS TABLE (
    id uuid, owner_id uuid, workflow_id uuid, scheme text, secret_key_id text, secret bytea, previous_key_id text,
    previous_secret bytea, previous_until timestamptz, methods text[], respond text, revision integer
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.id, h.user_id, h.workflow_id, h.scheme, h.secret_key_id, h.secret, h.previous_key_id, h.previous_secret,
           h.previous_until, h.methods, h.respond, h.revision
      FROM private.workflow_hooks h WHERE h.token_hash = p_token_hash;
$$;

-- Begins the run of a call that was checked against this revision of its webhook. Outcomes of private.begin_run, and
-- hook_changed (check again), limited (`retry_after` seconds).
CREATE FUNCTION private.accept_hook(
    p_hook_id uuid, p_revision integer, p_trigger_data jsonb, p_key text, p_checked integer, p_start_within interval,
    OUT outcome text, OUT execution_id uuid, OUT version integer, OUT name text, OUT document text,
    OUT started_at timestamptz, OUT row_json text, OUT retry_after double precision
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_minute CONSTANT interval := interval '60 seconds';
    v_hook private.workflow_hooks;
    v_until timestamptz;
BEGIN
    PERFORM FROM public.workflows w
      WHERE w.id = (SELECT h.workflow_id FROM private.workflow_hooks h WHERE h.id = p_hook_id) FOR NO KEY UPDATE;
    SELECT h.* INTO v_hook FROM private.workflow_hooks h
     WHERE h.id = p_hook_id AND h.revision = p_revision FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        outcome := 'hook_changed';
        RETURN;
    END IF;
    -- The generic cell rate algorithm: a minute's worth of calls may come at once, and no more in any minute.
    v_until := greatest(v_hook.admitted_until, clock_timestamp()) + v_minute / v_hook.rate_limit;
    IF v_until > clock_timestamp() + v_minute THEN
        outcome := 'limited';
        retry_after := extract(epoch FROM v_until - clock_timestamp() - v_minute);
        RETURN;
    END IF;
    SELECT r.* INTO outcome, execution_id, version, name, document, started_at, row_json
      FROM private.begin_run(
        v_hook.user_id, v_hook.workflow_id, 'webhook', p_trigger_data, p_key, 'webhook', NULL, p_checked, p_start_within
      ) AS r;
    IF outcome <> 'unchecked' THEN
        UPDATE private.workflow_hooks h SET admitted_until = v_until WHERE h.id = p_hook_id;
    END IF;
END
$$;

ALTER FUNCTION private.hook_json(private.workflow_hooks) OWNER TO zplatform;
ALTER FUNCTION private.create_hook(uuid, uuid, bytea, text, text, bytea, text[], text, integer, integer) OWNER TO zplatform;
ALTER FUNCTION private.list_hooks(uuid, uuid, integer) OWNER TO zplatform;
ALTER FUNCTION private.delete_hook(uuid, uuid) OWNER TO zplatform;
ALTER FUNCTION private.rotate_hook(uuid, uuid, text, bytea, interval) OWNER TO zplatform;
ALTER FUNCTION private.hook_scheme(uuid, uuid) OWNER TO zplatform;
ALTER FUNCTION private.find_hook(bytea) OWNER TO zplatform;
ALTER FUNCTION private.accept_hook(uuid, integer, jsonb, text, integer, interval) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.hook_json(private.workflow_hooks),
    private.create_hook(uuid, uuid, bytea, text, text, bytea, text[], text, integer, integer),
    private.list_hooks(uuid, uuid, integer), private.delete_hook(uuid, uuid),
    private.rotate_hook(uuid, uuid, text, bytea, interval), private.hook_scheme(uuid, uuid), private.find_hook(bytea),
    private.accept_hook(uuid, integer, jsonb, text, integer, interval)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    private.create_hook(uuid, uuid, bytea, text, text, bytea, text[], text, integer, integer),
    private.list_hooks(uuid, uuid, integer), private.delete_hook(uuid, uuid),
    private.rotate_hook(uuid, uuid, text, bytea, interval), private.hook_scheme(uuid, uuid)
TO authenticated;
GRANT EXECUTE ON FUNCTION
    private.find_hook(bytea), private.accept_hook(uuid, integer, jsonb, text, integer, interval)
TO zapi;
