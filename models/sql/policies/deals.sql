-- Deals are their owner's alone.

ALTER TABLE public.deals ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.deals FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners do everything with their deals" ON public.deals;
CREATE POLICY "owners do everything with their deals" ON public.deals FOR ALL TO authenticated
    USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
