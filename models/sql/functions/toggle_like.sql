-- Likes of tutorials: rpc('toggle_like', { tutorial_id }) gives the caller's like or takes it back, and answers
-- {"liked": boolean, "likes": number}. For accounts alone; each likes a tutorial once, also its own.
-- A tutorial that the caller may not read is answered as one that is not there: SQLSTATE PT404.

CREATE OR REPLACE FUNCTION public.toggle_like(tutorial_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_answer jsonb;
BEGIN
    -- As the caller, under row security.
    SELECT private.toggle_like(tutorial.id) INTO v_answer FROM public.tutorials AS tutorial WHERE tutorial.id = tutorial_id;
    IF v_answer IS NULL THEN
        RAISE EXCEPTION 'There is no tutorial "%" that you may read', tutorial_id USING ERRCODE = 'PT404';
    END IF;
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION private.toggle_like(p_tutorial_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_liked boolean;
    v_likes integer;
BEGIN
    -- One toggle of a tutorial at a time: two of the same caller are two toggles, and nobody waits in a circle.
    PERFORM FROM public.tutorials WHERE id = p_tutorial_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    DELETE FROM private.tutorial_likes WHERE tutorial_id = p_tutorial_id AND liked_by = auth.uid();
    v_liked := NOT FOUND;
    IF v_liked THEN
        INSERT INTO private.tutorial_likes (tutorial_id, liked_by) VALUES (p_tutorial_id, auth.uid());
    END IF;
    SELECT likes INTO v_likes FROM public.tutorials WHERE id = p_tutorial_id;
    RETURN jsonb_build_object('liked', v_liked, 'likes', v_likes);
END
$$;

-- Also for likes that go with their account.
CREATE OR REPLACE FUNCTION private.count_likes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE public.tutorials SET likes = likes + 1 WHERE id = new.tutorial_id;
    ELSE
        -- Not below zero: the service may have set the counter.
        UPDATE public.tutorials SET likes = likes - 1 WHERE id = old.tutorial_id AND likes > 0;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER count_likes AFTER INSERT OR DELETE ON private.tutorial_likes
    FOR EACH ROW EXECUTE FUNCTION private.count_likes();

ALTER FUNCTION public.toggle_like(uuid) OWNER TO zowner;
ALTER FUNCTION private.toggle_like(uuid) OWNER TO zplatform;
ALTER FUNCTION private.count_likes() OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION public.toggle_like(uuid), private.toggle_like(uuid), private.count_likes() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.toggle_like(uuid), private.toggle_like(uuid) TO authenticated;
