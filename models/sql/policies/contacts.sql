-- Contacts are their owner's alone.

ALTER TABLE public.contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.contacts FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners do everything with their contacts" ON public.contacts;
CREATE POLICY "owners do everything with their contacts" ON public.contacts FOR ALL TO authenticated
    USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
