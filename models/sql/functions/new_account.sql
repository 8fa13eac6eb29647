-- A new account gets its profile, from what the sign-up told, and the role `user`; a soft deletion takes the profile.

CREATE OR REPLACE FUNCTION public.handle_new_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    told jsonb := new.raw_user_meta_data;
    full_name text := nullif(btrim(concat_ws(' ', told ->> 'first_name', told ->> 'last_name')), '');
BEGIN
    -- Cut to what the columns hold: a name that is too long must not cost a sign-up.
    INSERT INTO public.profiles (id, first_name, last_name, display_name, avatar_url)
    VALUES (
        new.id,
        left(told ->> 'first_name', 200),
        left(told ->> 'last_name', 200),
        left(coalesce(told ->> 'display_name', told ->> 'full_name', told ->> 'name', full_name), 200),
        left(coalesce(told ->> 'avatar_url', told ->> 'picture'), 2048)
    );
    INSERT INTO public.user_roles (user_id, role) VALUES (new.id, 'user');
    RETURN new;
END
$$;

ALTER FUNCTION public.handle_new_user() OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION public.handle_new_user() FROM PUBLIC;

CREATE OR REPLACE TRIGGER on_auth_user_created AFTER INSERT ON auth.users
    FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();

-- Everybody who is signed in reads profiles, and a deleted account must not go on telling whose it was. (A whole
-- deletion takes the profile by its foreign key.)
CREATE OR REPLACE FUNCTION public.handle_deleted_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM public.profiles WHERE id = new.id;
    RETURN new;
END
$$;

ALTER FUNCTION public.handle_deleted_user() OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION public.handle_deleted_user() FROM PUBLIC;

CREATE OR REPLACE TRIGGER on_auth_user_deleted AFTER UPDATE OF deleted_at ON auth.users
    FOR EACH ROW WHEN (old.deleted_at IS NULL AND new.deleted_at IS NOT NULL)
    EXECUTE FUNCTION public.handle_deleted_user();
