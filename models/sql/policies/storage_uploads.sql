-- No policy and no grant: resumable uploads are the platform's bookkeeping.

ALTER TABLE storage.uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage.uploads FORCE ROW LEVEL SECURITY;
