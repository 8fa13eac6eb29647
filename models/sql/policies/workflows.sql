-- Definitions are their owner's alone. A new one has not run yet: how it stands is the platform's to say.

ALTER TABLE public.workflows ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.workflows FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners read their workflows" ON public.workflows;
CREATE POLICY "owners read their workflows" ON public.workflows FOR SELECT TO authenticated
    USING (user_id = (SELECT auth.uid()));

DROP POLICY IF EXISTS "owners define idle workflows" ON public.workflows;
CREATE POLICY "owners define idle workflows" ON public.workflows FOR INSERT TO authenticated
    WITH CHECK (user_id = (SELECT auth.uid()) AND status = 'idle');

DROP POLICY IF EXISTS "owners change their workflows" ON public.workflows;
CREATE POLICY "owners change their workflows" ON public.workflows FOR UPDATE TO authenticated
    USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));

DROP POLICY IF EXISTS "owners delete their workflows" ON public.workflows;
CREATE POLICY "owners delete their workflows" ON public.workflows FOR DELETE TO authenticated
    USING (user_id = (SELECT auth.uid()));
