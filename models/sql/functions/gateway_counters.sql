-- Counters of the gateway's limits go with the keys and endpoints that they are of.

-- Of those that a call holds just now nobody waits for the lock, because whoever deletes an
-- account holds others that the call may want next: they are left to forget_counters.
DROP TRIGGER IF EXISTS forget_windows ON public.api_keys;
DROP TRIGGER IF EXISTS forget_windows ON public.api_endpoints;
DROP FUNCTION IF EXISTS private.forget_windows();
CREATE OR REPLACE FUNCTION private.drop_counters() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM private.gateway_windows w WHERE w.id IN (
        SELECT n.id FROM private.gateway_windows n JOIN old_rows o ON o.id = n.id FOR UPDATE OF n SKIP LOCKED);
    DELETE FROM private.gateway_quotas q WHERE q.key_id IN (
        SELECT n.key_id FROM private.gateway_quotas n JOIN old_rows o ON o.id = n.key_id FOR UPDATE OF n SKIP LOCKED);
    RETURN NULL;
END
$$;

-- Removes up to so many counters of keys and endpoints that are gone, and says how many.
CREATE OR REPLACE FUNCTION private.forget_counters(p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_windows integer;
    v_quotas integer;
BEGIN
    DELETE FROM private.gateway_windows w WHERE w.id = ANY (ARRAY(
        SELECT n.id FROM private.gateway_windows n
         WHERE NOT EXISTS (SELECT FROM public.api_keys k WHERE k.id = n.id)
           AND NOT EXISTS (SELECT FROM public.api_endpoints e WHERE e.id = n.id)
         LIMIT p_limit FOR UPDATE OF n SKIP LOCKED));
    GET DIAGNOSTICS v_windows = ROW_COUNT;
    DELETE FROM private.gateway_quotas q WHERE q.key_id = ANY (ARRAY(
        SELECT n.key_id FROM private.gateway_quotas n
         WHERE NOT EXISTS (SELECT FROM public.api_keys k WHERE k.id = n.key_id)
         LIMIT p_limit FOR UPDATE OF n SKIP LOCKED));
    GET DIAGNOSTICS v_quotas = ROW_COUNT;
    RETURN greatest(v_windows, v_quotas);
END
$$;

CREATE OR REPLACE TRIGGER drop_counters AFTER DELETE ON public.api_keys REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION private.drop_counters();
CREATE OR REPLACE TRIGGER drop_counters AFTER DELETE ON public.api_endpoints REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION private.drop_counters();

ALTER FUNCTION private.drop_counters() OWNER TO zplatform;
ALTER FUNCTION private.forget_counters(integer) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.drop_counters(), private.forget_counters(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.forget_counters(integer) TO zworker;
