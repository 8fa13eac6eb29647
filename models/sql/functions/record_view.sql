-- Views of tutorials: rpc('record_view', { tutorial_id }) counts one where it counts, and answers how many there are.
--
-- An account counts once in 24 hours for each tutorial, and not for its own. Visitors cannot be told apart here, so all of
-- them together count once a second for each tutorial: a script adds at most 86,400 a day.
-- A tutorial that the caller may not read is answered as one that is not there: SQLSTATE PT404.

CREATE OR REPLACE FUNCTION public.record_view(tutorial_id uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_views integer;
BEGIN
    -- As the caller, under row security.
    SELECT private.count_view(tutorial.id) INTO v_views FROM public.tutorials AS tutorial WHERE tutorial.id = tutorial_id;
    IF v_views IS NULL THEN
        RAISE EXCEPTION 'There is no tutorial "%" that you may read', tutorial_id USING ERRCODE = 'PT404';
    END IF;
    RETURN v_views;
END
$$;

CREATE OR REPLACE FUNCTION private.count_view(p_tutorial_id uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_viewer uuid := coalesce(auth.uid(), '00000000-0000-0000-0000-000000000000');
    v_pause interval := CASE WHEN auth.uid() IS NULL THEN interval '1 second' ELSE interval '24 hours' END;
    v_owner uuid;
    v_views integer;
BEGIN
    SELECT user_id, views INTO v_owner, v_views FROM public.tutorials WHERE id = p_tutorial_id;
    IF v_owner = v_viewer OR EXISTS (
        SELECT FROM private.tutorial_views
        WHERE tutorial_id = p_tutorial_id AND viewer = v_viewer AND counted_at > clock_timestamp() - v_pause
    ) THEN
        RETURN v_views;
    END IF;
    -- The tutorial first, always: so two callers never wait for each other.
    SELECT views INTO v_views FROM public.tutorials WHERE id = p_tutorial_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO private.tutorial_views AS known (tutorial_id, viewer, counted_at)
    VALUES (p_tutorial_id, v_viewer, clock_timestamp())
    ON CONFLICT (tutorial_id, viewer) DO UPDATE SET counted_at = excluded.counted_at
    WHERE known.counted_at <= excluded.counted_at - v_pause;
    IF FOUND THEN
        UPDATE public.tutorials SET views = views + 1 WHERE id = p_tutorial_id RETURNING views INTO v_views;
    END IF;
    RETURN v_views;
END
$$;

-- With the tutorial goes what was kept about it, and with an account where it has been.
CREATE OR REPLACE FUNCTION private.forget_counts_of_tutorial() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM private.tutorial_views WHERE tutorial_id = old.id;
    DELETE FROM private.tutorial_likes WHERE tutorial_id = old.id;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER forget_counts_of_tutorial AFTER DELETE ON public.tutorials
    FOR EACH ROW EXECUTE FUNCTION private.forget_counts_of_tutorial();

CREATE OR REPLACE FUNCTION private.forget_views_of_account() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM private.tutorial_views WHERE viewer = old.id;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER forget_views_of_account AFTER DELETE ON auth.users
    FOR EACH ROW EXECUTE FUNCTION private.forget_views_of_account();

ALTER FUNCTION public.record_view(uuid) OWNER TO zowner;
ALTER FUNCTION private.count_view(uuid) OWNER TO zplatform;
ALTER FUNCTION private.forget_counts_of_tutorial() OWNER TO zplatform;
ALTER FUNCTION private.forget_views_of_account() OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION
    public.record_view(uuid), private.count_view(uuid), private.forget_counts_of_tutorial(),
    private.forget_views_of_account()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.record_view(uuid), private.count_view(uuid) TO anon, authenticated, service_role;
