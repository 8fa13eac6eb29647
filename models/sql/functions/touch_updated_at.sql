-- `updated_at` says when a row last changed, whoever changed it; of a partitioned table, in all its partitions.

CREATE OR REPLACE FUNCTION private.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;

-- For tables that the platform's owner adds: the name that migrations of Supabase projects know it by.
CREATE OR REPLACE FUNCTION public.update_updated_at_column() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END
$$;

ALTER FUNCTION private.touch_updated_at() OWNER TO zowner;
ALTER FUNCTION public.update_updated_at_column() OWNER TO zowner;
REVOKE EXECUTE ON FUNCTION private.touch_updated_at(), public.update_updated_at_column() FROM PUBLIC;

DO $$
DECLARE
    touched regclass;
BEGIN
    FOREACH touched IN ARRAY ARRAY[
        'auth.users', 'auth.identities', 'auth.sessions',
        'public.profiles', 'public.user_roles', 'public.tutorials', 'public.videos',
        'public.workflows', 'public.workflow_executions',
        'public.contacts', 'public.deals', 'public.activities',
        'public.api_endpoints', 'public.api_keys', 'public.api_requests', 'public.app_projects',
        'storage.buckets', 'storage.objects', 'private.secrets', 'private.tutorial_runs'
    ]::regclass[]
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON %s '
            'FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at()', touched
        );
    END LOOP;
END
$$;

-- Looking at a tutorial and liking it are no changes of it.
CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON public.tutorials
    FOR EACH ROW WHEN (old.views = new.views AND old.likes = new.likes)
    EXECUTE FUNCTION private.touch_updated_at();

-- Nor is the use of a key one of the key.
CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON public.api_keys
    FOR EACH ROW WHEN (old.last_used_at IS NOT DISTINCT FROM new.last_used_at)
    EXECUTE FUNCTION private.touch_updated_at();
