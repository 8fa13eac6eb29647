-- Activities of the CRM are their owner's alone.

ALTER TABLE public.activities ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.activities FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners do everything with their activities" ON public.activities;
CREATE POLICY "owners do everything with their activities" ON public.activities FOR ALL TO authenticated
    USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
