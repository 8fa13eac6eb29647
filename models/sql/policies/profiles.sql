-- Signed-in users see who the others are; everybody writes their own. Rows come and go with the account.

ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.profiles FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "signed-in users read all profiles" ON public.profiles;
CREATE POLICY "signed-in users read all profiles" ON public.profiles FOR SELECT TO authenticated
    USING (true);

DROP POLICY IF EXISTS "users change their own profile" ON public.profiles;
CREATE POLICY "users change their own profile" ON public.profiles FOR UPDATE TO authenticated
    USING (id = (SELECT auth.uid())) WITH CHECK (id = (SELECT auth.uid()));

-- For `INSERT ... ON CONFLICT (id) DO UPDATE`, by which front ends save a profile.
DROP POLICY IF EXISTS "users insert their own profile" ON public.profiles;
CREATE POLICY "users insert their own profile" ON public.profiles FOR INSERT TO authenticated
    WITH CHECK (id = (SELECT auth.uid()));
