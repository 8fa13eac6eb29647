-- Endpoints are their owner's alone; values of headers are sealed and never read back, by column grants.

ALTER TABLE public.api_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.api_endpoints FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners do everything with their endpoints" ON public.api_endpoints;
CREATE POLICY "owners do everything with their endpoints" ON public.api_endpoints FOR ALL TO authenticated
    USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
