-- What each role may touch at all; which rows, policies say. Every table and column is named, so that whatever is not
-- written here is refused: `user_id` after the insert, counters, what the platform finds out, digests, whole executions.
-- models/registry.py says the same as shapes, and a test compares.

-- Functions that the platform's owner adds may use temporary tables. PostgreSQL looks for tables and types among them
-- before anywhere else, even with an empty search_path: so ours, which act as somebody else, name pg_temp as the last.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO authenticated, service_role', current_database());
END
$$;

REVOKE ALL ON SCHEMA public, auth, storage, private FROM PUBLIC;
-- Logins too, so that what runs before an identity is taken is refused, and not told that there is no such table.
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role, zplatform, zapi, zauth, zservice, zworker;
GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role, zplatform, zapi, zauth, zservice, zworker;
-- Functions alone: no role of a request holds anything on a table in it.
GRANT USAGE ON SCHEMA private TO authenticated, service_role, zplatform, zservice, zworker;

REVOKE ALL ON
    public.profiles, public.user_roles, public.tutorials, public.videos, public.workflows, public.workflow_executions,
    public.contacts, public.deals, public.activities,
    public.api_endpoints, public.api_keys, public.api_requests, public.app_projects
FROM PUBLIC, anon, authenticated, service_role, zplatform, zapi, zauth, zservice, zworker;

-- The service passes row security, and so do SECURITY DEFINER functions: the sign-up, executions, undoing.
GRANT SELECT, INSERT, UPDATE, DELETE ON
    public.profiles, public.user_roles, public.tutorials, public.videos, public.workflows, public.workflow_executions,
    public.contacts, public.deals, public.activities,
    public.api_endpoints, public.api_keys, public.api_requests, public.app_projects
TO service_role, zplatform;

-- profiles: the row is there from the sign-up on; front ends save it by an upsert, which is an insert to PostgreSQL
GRANT SELECT ON public.profiles TO authenticated;
GRANT INSERT (id, first_name, last_name, display_name, avatar_url, bio, phone, company, job_title),
    UPDATE (first_name, last_name, display_name, avatar_url, bio, phone, company, job_title)
    ON public.profiles TO authenticated;

-- user_roles: administrators alone pass the policies
GRANT SELECT, DELETE ON public.user_roles TO authenticated;
GRANT INSERT (user_id, role), UPDATE (role) ON public.user_roles TO authenticated;

-- tutorials
GRANT SELECT ON public.tutorials TO anon;
GRANT SELECT, DELETE ON public.tutorials TO authenticated;
GRANT INSERT (user_id, title, description, content, steps, status, thumbnail_url, tags, level, prerequisites, summary),
    UPDATE (title, description, content, steps, status, thumbnail_url, tags, level, prerequisites, summary)
    ON public.tutorials TO authenticated;

-- videos
GRANT SELECT, DELETE ON public.videos TO authenticated;
GRANT INSERT (user_id, title, description, filename, file_size, thumbnail_url, quality, storage_path),
    UPDATE (title, description, filename, file_size, thumbnail_url, quality, storage_path)
    ON public.videos TO authenticated;

-- workflows
GRANT SELECT, DELETE ON public.workflows TO authenticated;
GRANT INSERT (user_id, name, description, config, is_active, status), UPDATE (name, description, config, is_active)
    ON public.workflows TO authenticated;

-- workflow_executions
GRANT SELECT ON public.workflow_executions TO authenticated;

-- contacts
GRANT SELECT, DELETE ON public.contacts TO authenticated;
GRANT INSERT (user_id, type, first_name, last_name, company_name, email, phone, address, tags, custom_fields),
    UPDATE (type, first_name, last_name, company_name, email, phone, address, tags, custom_fields)
    ON public.contacts TO authenticated;

-- deals
GRANT SELECT, DELETE ON public.deals TO authenticated;
GRANT INSERT (user_id, contact_id, title, description, amount, stage, probability, expected_close_date),
    UPDATE (contact_id, title, description, amount, stage, probability, expected_close_date)
    ON public.deals TO authenticated;

-- activities
GRANT SELECT, DELETE ON public.activities TO authenticated;
GRANT INSERT (user_id, contact_id, deal_id, type, title, description, due_date, completed_at),
    UPDATE (contact_id, deal_id, type, title, description, due_date, completed_at)
    ON public.activities TO authenticated;

-- api_endpoints: headers carry the target's credentials, so their values go in, sealed by the data API, and never come out
GRANT SELECT (
    id, user_id, name, path, method, description, target_url, rate_limit, timeout_ms, is_active, headers, cache_seconds,
    created_at, updated_at
), DELETE ON public.api_endpoints TO authenticated;
GRANT INSERT (
    user_id, name, path, method, description, target_url, rate_limit, timeout_ms, is_active, cache_seconds, headers
), UPDATE (name, path, method, description, target_url, rate_limit, timeout_ms, is_active, cache_seconds, headers)
    ON public.api_endpoints TO authenticated;

-- api_keys: digests are the platform's alone
GRANT SELECT (
    id, user_id, name, permissions, rate_limit, daily_quota, monthly_quota, expires_at, is_active, prefix, last_used_at,
    previous_expires_at, created_at, updated_at
), DELETE ON public.api_keys TO authenticated;
GRANT INSERT (user_id, name, permissions, rate_limit, daily_quota, monthly_quota, expires_at, is_active),
    UPDATE (name, permissions, rate_limit, daily_quota, monthly_quota, expires_at, is_active)
    ON public.api_keys TO authenticated;

-- api_requests: private.log_requests adds the rows
GRANT SELECT ON public.api_requests TO authenticated;

-- app_projects
GRANT SELECT, DELETE ON public.app_projects TO authenticated;
GRANT INSERT (user_id, name, description, template_id, config, components, is_published),
    UPDATE (name, description, template_id, config, components, is_published)
    ON public.app_projects TO authenticated;

-- What SECURITY DEFINER functions reach beside the thirteen tables.
GRANT SELECT, INSERT, UPDATE, DELETE ON private.effects, private.idempotency_keys TO zplatform;
GRANT SELECT, INSERT ON private.execution_retries TO zplatform;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.execution_jobs TO zplatform;
GRANT SELECT, INSERT ON private.workflow_versions TO zplatform;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.execution_starts, private.queued_executions TO zplatform;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.schedule_changes, private.schedule_pauses,
    private.workflow_hooks TO zplatform;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.video_runs, private.video_tracks, private.video_chunks,
    private.doomed_prefixes TO zplatform;
GRANT SELECT ON auth.users, auth.sessions TO zplatform;

-- Table functions of workflows lock and undo as zplatform what they did as the owner, in tables added later, too.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO zplatform;
ALTER DEFAULT PRIVILEGES FOR ROLE zowner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO zplatform;

-- Tables that the platform's owner adds belong to the service wholly; callers get rights on them when row security comes
-- on (functions/ddl_watch.sql). Where it is on already, that moment has been: what was granted then is as it should be.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE zowner IN SCHEMA public GRANT ALL ON TABLES TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE zowner IN SCHEMA public GRANT ALL ON SEQUENCES TO service_role;
DO $$
DECLARE
    secured regclass;
BEGIN
    FOR secured IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relrowsecurity
    LOOP
        EXECUTE format('GRANT MAINTAIN ON %s TO zplatform', secured);
    END LOOP;
END
$$;

-- Accounts are one login's alone.
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.users, auth.identities, auth.sessions, auth.login_failures TO zauth;

-- Files: as in Supabase, policies alone decide about objects and buckets, so that the installation's owner can open
-- further buckets with nothing but policies. Uploads under way are the platform's.
GRANT USAGE ON SCHEMA storage TO anon, authenticated, service_role, zplatform, zapi, zservice, zworker;
REVOKE ALL ON storage.buckets, storage.objects, storage.uploads
FROM PUBLIC, anon, authenticated, service_role, zplatform, zapi, zauth, zservice, zworker;
GRANT SELECT, INSERT, UPDATE, DELETE ON storage.buckets, storage.objects TO anon, authenticated, service_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON storage.uploads TO service_role;
GRANT SELECT, DELETE ON storage.objects, storage.uploads TO zplatform;
GRANT SELECT ON storage.buckets TO zplatform;  -- their rules, for files of workflows
GRANT UPDATE ON storage.uploads TO zplatform;  -- to lock them
GRANT SELECT, INSERT, UPDATE, DELETE ON private.doomed_versions TO zplatform;

-- Events.
GRANT SELECT, INSERT, UPDATE, DELETE ON
    private.events, private.event_interests, private.event_deliveries, private.event_consumptions, private.execution_hops
TO zplatform;

GRANT SELECT, INSERT, DELETE ON private.change_log TO zplatform;
-- What completed sub-workflows have done.
GRANT SELECT, INSERT, DELETE ON private.journals TO zplatform;

-- What workflows ask of people.
GRANT SELECT, INSERT, UPDATE ON private.approvals, private.callbacks, private.mails TO zplatform;

-- Counts of tutorials. Visitors come here for private.count_view, which public.record_view calls.
GRANT USAGE ON SCHEMA private TO anon;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.tutorial_likes, private.tutorial_views TO zplatform;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.tutorial_runs TO zplatform;

-- Videos as they are played and watched.
GRANT SELECT ON private.video_runs, private.video_tracks, private.video_chunks TO zplatform;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    private.playback_generations, private.watch_sessions, private.watch_days
TO zplatform;

-- What the gateway has let through.
GRANT SELECT, INSERT, UPDATE, DELETE ON private.gateway_windows, private.gateway_quotas TO zplatform;
