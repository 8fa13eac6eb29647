-- What policies and front ends of Supabase projects say about an object's name. Inlined, so no SET clause: the bodies
-- are parsed now and no search path changes them.

CREATE OR REPLACE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (string_to_array(name, '/'))[1 : array_length(string_to_array(name, '/'), 1) - 1];

CREATE OR REPLACE FUNCTION storage.filename(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN split_part(name, '/', -1);

-- What follows the last dot of the file's name; the whole of a name without one.
CREATE OR REPLACE FUNCTION storage.extension(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN split_part(split_part(name, '/', -1), '.', -1);

ALTER FUNCTION storage.foldername(text) OWNER TO zowner;
ALTER FUNCTION storage.filename(text) OWNER TO zowner;
ALTER FUNCTION storage.extension(text) OWNER TO zowner;
REVOKE EXECUTE ON FUNCTION storage.foldername(text), storage.filename(text), storage.extension(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION storage.foldername(text), storage.filename(text), storage.extension(text)
    TO anon, authenticated, service_role, zplatform, zservice, zworker;

-- Whoever writes an object's bytes owns it; requests cannot say otherwise. private.keep_versions relies on this.
CREATE OR REPLACE FUNCTION private.guard_object_owner() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user IN ('anon', 'authenticated') THEN
        IF TG_OP = 'UPDATE' AND new.version = old.version THEN
            new.owner := old.owner;
        ELSE
            new.owner := auth.uid();
        END IF;
        new.owner_id := NULL;
    END IF;
    new.owner_id := coalesce(new.owner::text, new.owner_id);
    RETURN new;
END
$$;

CREATE OR REPLACE TRIGGER guard_object_owner BEFORE INSERT OR UPDATE ON storage.objects
    FOR EACH ROW EXECUTE FUNCTION private.guard_object_owner();

-- Files go with the account. By folder and not by owner: the platform itself puts there what it makes of a video. Only
-- below the account's own folder of the five buckets: what a bucket that people share holds stays with those people.
-- A soft deletion takes the picture that everybody sees, as it takes the profile.
CREATE OR REPLACE FUNCTION private.delete_files_of_account() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM storage.uploads WHERE owner = old.id;
    DELETE FROM storage.objects
    WHERE bucket_id = ANY (
            CASE TG_OP WHEN 'DELETE' THEN '{avatars,thumbnails,videos,tutorials,documents}'::text[] ELSE '{avatars}' END
        )
        AND name >= old.id || '/' AND name < old.id || '0';  -- '0' follows '/'
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER delete_files_of_account AFTER DELETE ON auth.users
    FOR EACH ROW EXECUTE FUNCTION private.delete_files_of_account();
CREATE OR REPLACE TRIGGER delete_picture_of_account AFTER UPDATE OF deleted_at ON auth.users
    FOR EACH ROW WHEN (old.deleted_at IS NULL AND new.deleted_at IS NOT NULL)
    EXECUTE FUNCTION private.delete_files_of_account();

ALTER FUNCTION private.guard_object_owner() OWNER TO zowner;
ALTER FUNCTION private.delete_files_of_account() OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION private.guard_object_owner(), private.delete_files_of_account() FROM PUBLIC;
