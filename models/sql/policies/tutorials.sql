-- Everybody reads what is published and owners what is theirs. Moderators read all and change the status of any
-- (functions/guards.sql holds them to that one column); administrators may do what moderators may.

ALTER TABLE public.tutorials ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.tutorials FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "visitors read published tutorials" ON public.tutorials;
CREATE POLICY "visitors read published tutorials" ON public.tutorials FOR SELECT TO anon
    USING (status = 'published');

DROP POLICY IF EXISTS "users read published tutorials and their own, moderators all" ON public.tutorials;
CREATE POLICY "users read published tutorials and their own, moderators all" ON public.tutorials
    FOR SELECT TO authenticated
    USING (
        status = 'published'
        OR user_id = (SELECT auth.uid())
        OR (SELECT public.has_role((SELECT auth.uid()), 'moderator') OR public.has_role((SELECT auth.uid()), 'admin'))
    );

DROP POLICY IF EXISTS "owners write their tutorials" ON public.tutorials;
CREATE POLICY "owners write their tutorials" ON public.tutorials FOR INSERT TO authenticated
    WITH CHECK (user_id = (SELECT auth.uid()));

DROP POLICY IF EXISTS "owners change their tutorials and moderators the status of any" ON public.tutorials;
CREATE POLICY "owners change their tutorials and moderators the status of any" ON public.tutorials
    FOR UPDATE TO authenticated
    USING (
        user_id = (SELECT auth.uid())
        OR (SELECT public.has_role((SELECT auth.uid()), 'moderator') OR public.has_role((SELECT auth.uid()), 'admin'))
    )
    WITH CHECK (
        user_id = (SELECT auth.uid())
        OR (SELECT public.has_role((SELECT auth.uid()), 'moderator') OR public.has_role((SELECT auth.uid()), 'admin'))
    );

DROP POLICY IF EXISTS "owners delete their tutorials" ON public.tutorials;
CREATE POLICY "owners delete their tutorials" ON public.tutorials FOR DELETE TO authenticated
    USING (user_id = (SELECT auth.uid()));
