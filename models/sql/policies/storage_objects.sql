-- In the five buckets, whoever is signed in writes below the folder that is named by the own id, and nowhere else.
-- Avatars and thumbnails are everybody's to read, the other three their owner's alone. Further buckets are closed until
-- the installation's owner adds policies.
--
-- Reading says "below the own folder" as a range of names ('0' follows '/'), which the index answers; writing says it as
-- migrations of Supabase projects do. A row moves only when both its old place and its new one are the caller's.

ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage.objects FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "everybody reads avatars and thumbnails" ON storage.objects;
CREATE POLICY "everybody reads avatars and thumbnails" ON storage.objects FOR SELECT TO anon, authenticated
    USING (bucket_id IN ('avatars', 'thumbnails'));

DROP POLICY IF EXISTS "users read their own folder" ON storage.objects;
CREATE POLICY "users read their own folder" ON storage.objects FOR SELECT TO authenticated
    USING (
        bucket_id IN ('avatars', 'thumbnails', 'videos', 'tutorials', 'documents')
        AND name >= (SELECT auth.uid()::text || '/') AND name < (SELECT auth.uid()::text || '0')
    );

DROP POLICY IF EXISTS "users upload to their own folder" ON storage.objects;
CREATE POLICY "users upload to their own folder" ON storage.objects FOR INSERT TO authenticated
    WITH CHECK (
        bucket_id IN ('avatars', 'thumbnails', 'videos', 'tutorials', 'documents')
        AND (storage.foldername(name))[1] = (SELECT auth.uid())::text
    );

DROP POLICY IF EXISTS "users change their own folder" ON storage.objects;
CREATE POLICY "users change their own folder" ON storage.objects FOR UPDATE TO authenticated
    USING (
        bucket_id IN ('avatars', 'thumbnails', 'videos', 'tutorials', 'documents')
        AND (storage.foldername(name))[1] = (SELECT auth.uid())::text
    )
    WITH CHECK (
        bucket_id IN ('avatars', 'thumbnails', 'videos', 'tutorials', 'documents')
        AND (storage.foldername(name))[1] = (SELECT auth.uid())::text
    );

DROP POLICY IF EXISTS "users delete from their own folder" ON storage.objects;
CREATE POLICY "users delete from their own folder" ON storage.objects FOR DELETE TO authenticated
    USING (
        bucket_id IN ('avatars', 'thumbnails', 'videos', 'tutorials', 'documents')
        AND (storage.foldername(name))[1] = (SELECT auth.uid())::text
    );
