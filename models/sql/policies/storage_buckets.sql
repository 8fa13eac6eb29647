-- No policy: buckets are the platform's to list and to change, until the installation's owner adds one.

ALTER TABLE storage.buckets ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage.buckets FORCE ROW LEVEL SECURITY;
