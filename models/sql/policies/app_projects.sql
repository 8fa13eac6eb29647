-- Projects of the app builder are their owner's alone.

ALTER TABLE public.app_projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.app_projects FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners do everything with their projects" ON public.app_projects;
CREATE POLICY "owners do everything with their projects" ON public.app_projects FOR ALL TO authenticated
    USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
