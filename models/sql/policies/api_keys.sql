-- Keys are their owner's alone; digests are the platform's alone, by column grants.

ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.api_keys FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners do everything with their keys" ON public.api_keys;
CREATE POLICY "owners do everything with their keys" ON public.api_keys FOR ALL TO authenticated
    USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
