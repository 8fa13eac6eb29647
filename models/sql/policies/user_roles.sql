-- Users see their own roles; administrators see and manage everybody's.

ALTER TABLE public.user_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.user_roles FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "users read their own roles and administrators all" ON public.user_roles;
CREATE POLICY "users read their own roles and administrators all" ON public.user_roles FOR SELECT TO authenticated
    USING (user_id = (SELECT auth.uid()) OR (SELECT public.has_role((SELECT auth.uid()), 'admin')));

DROP POLICY IF EXISTS "administrators give roles" ON public.user_roles;
CREATE POLICY "administrators give roles" ON public.user_roles FOR INSERT TO authenticated
    WITH CHECK ((SELECT public.has_role((SELECT auth.uid()), 'admin')));

DROP POLICY IF EXISTS "administrators change roles" ON public.user_roles;
CREATE POLICY "administrators change roles" ON public.user_roles FOR UPDATE TO authenticated
    USING ((SELECT public.has_role((SELECT auth.uid()), 'admin')))
    WITH CHECK ((SELECT public.has_role((SELECT auth.uid()), 'admin')));

DROP POLICY IF EXISTS "administrators take roles" ON public.user_roles;
CREATE POLICY "administrators take roles" ON public.user_roles FOR DELETE TO authenticated
    USING ((SELECT public.has_role((SELECT auth.uid()), 'admin')));
