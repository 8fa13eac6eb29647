-- Bytes and rows: every version of bytes is either one row's, or in private.doomed_versions. So nothing is forgotten,
-- whatever dies, and no row points at bytes that somebody else brought.
--
--   upload   private.doom_version, then the bytes, then the row: when it commits, the entry goes and the bytes are live
--   row left behind (deleted, overwritten, the bucket's or account's end): the entry comes when that commits
--   sweep    private.condemn_due_versions, then the bytes go, then private.forget_versions
--
-- Between a condemnation and the row of a late upload one of the two wins, at the entry's lock.

-- Registers bytes that are about to come, or gives those that are still coming more time. p_uploader must be the `owner`
-- that the row will have. Raises 42501 when the version is live, left behind, or somebody else's.
CREATE OR REPLACE FUNCTION private.doom_version(
    p_version uuid, p_uploader uuid, p_lifetime interval DEFAULT interval '24 hours'
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM storage.objects WHERE version = p_version) THEN
        INSERT INTO private.doomed_versions AS entry (version, due_at, uploader, may_go_live)
        VALUES (p_version, clock_timestamp() + p_lifetime, p_uploader, true)
        ON CONFLICT (version) DO UPDATE SET due_at = excluded.due_at
        WHERE entry.may_go_live AND entry.uploader IS NOT DISTINCT FROM excluded.uploader;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    RAISE EXCEPTION 'version "%" is taken', p_version USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Versions whose time has come, at most p_limit: from now on no row can take them. Those of a sweep that died are
-- answered again. Uploads whose time is over end here, too. What a video is being made of stays to the end of that run,
-- though its upload was deleted or overwritten meanwhile.
CREATE OR REPLACE FUNCTION private.condemn_due_versions(p_limit integer)
RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM storage.uploads WHERE id = ANY (ARRAY(
        SELECT id FROM storage.uploads WHERE expires_at <= clock_timestamp() LIMIT p_limit FOR UPDATE SKIP LOCKED
    ));
    -- None should be there: an upload that was given more time at the very moment when it ended.
    DELETE FROM private.doomed_versions AS entry USING storage.objects AS live
    WHERE entry.due_at <= clock_timestamp() AND live.version = entry.version;
    -- As an array it is chosen once: beside IN a plan may choose anew for each row, and then all are chosen.
    RETURN QUERY
    UPDATE private.doomed_versions SET may_go_live = false WHERE version = ANY (ARRAY(
        SELECT entry.version FROM private.doomed_versions AS entry
        WHERE entry.due_at <= clock_timestamp() AND NOT EXISTS (
            SELECT FROM private.video_runs r
            WHERE r.source_version = entry.version AND r.status IN ('pending', 'running')
        )
        ORDER BY entry.due_at LIMIT p_limit FOR UPDATE OF entry SKIP LOCKED
    )) RETURNING version;
END
$$;

-- The bytes of these versions are gone, or never came.
CREATE OR REPLACE FUNCTION private.forget_versions(p_versions uuid[])
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM private.doomed_versions WHERE version = ANY (p_versions)
$$;

-- At the commit, so that a trial that is rolled back needs no bytes.
CREATE OR REPLACE FUNCTION private.keep_versions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        DELETE FROM private.doomed_versions
        WHERE version = new.version AND may_go_live AND uploader IS NOT DISTINCT FROM new.owner;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'object "%" of bucket "%" cannot take version "%": no upload of its owner has brought it',
                new.name, new.bucket_id, new.version USING ERRCODE = 'insufficient_privilege';
        END IF;
        -- A signed upload URL outlives the account that signed it, and nobody would ever remove what came by it.
        IF new.owner IS NOT NULL AND NOT EXISTS (
            SELECT FROM auth.users WHERE id = new.owner AND deleted_at IS NULL
        ) THEN
            RAISE EXCEPTION 'object "%" of bucket "%" cannot belong to the account "%": it is deleted',
                new.name, new.bucket_id, new.owner USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        -- A minute for those who are reading it.
        INSERT INTO private.doomed_versions (version, due_at, uploader, may_go_live)
        VALUES (old.version, clock_timestamp() + interval '1 minute', old.owner, false)
        ON CONFLICT (version) DO UPDATE SET due_at = excluded.due_at, may_go_live = false;
    END IF;
    RETURN NULL;
END
$$;

DROP TRIGGER IF EXISTS keep_versions ON storage.objects;
CREATE CONSTRAINT TRIGGER keep_versions AFTER INSERT OR DELETE ON storage.objects
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.keep_versions();
DROP TRIGGER IF EXISTS keep_changed_versions ON storage.objects;
CREATE CONSTRAINT TRIGGER keep_changed_versions AFTER UPDATE ON storage.objects
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (old.version <> new.version)
    EXECUTE FUNCTION private.keep_versions();

-- A resumable upload registers its version by being there, for an hour longer than it lasts; its end brings that forward.
CREATE OR REPLACE FUNCTION private.keep_upload_versions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Where it was finished there is no entry: its bytes are live.
        UPDATE private.doomed_versions SET due_at = clock_timestamp(), may_go_live = false WHERE version = old.version;
    ELSIF new.finished_at IS NULL THEN
        PERFORM private.doom_version(
            new.version, new.owner, new.expires_at - clock_timestamp() + interval '1 hour'
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER keep_upload_versions AFTER INSERT OR DELETE OR UPDATE OF expires_at ON storage.uploads
    FOR EACH ROW EXECUTE FUNCTION private.keep_upload_versions();

ALTER FUNCTION private.doom_version(uuid, uuid, interval) OWNER TO zplatform;
ALTER FUNCTION private.condemn_due_versions(integer) OWNER TO zplatform;
ALTER FUNCTION private.forget_versions(uuid[]) OWNER TO zplatform;
ALTER FUNCTION private.keep_versions() OWNER TO zplatform;
ALTER FUNCTION private.keep_upload_versions() OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION
    private.doom_version(uuid, uuid, interval), private.condemn_due_versions(integer), private.forget_versions(uuid[]),
    private.keep_versions(), private.keep_upload_versions()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    private.doom_version(uuid, uuid, interval), private.condemn_due_versions(integer), private.forget_versions(uuid[])
TO service_role, zservice, zworker;
