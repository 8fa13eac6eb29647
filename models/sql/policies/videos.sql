-- Videos are their owner's alone; what the platform finds out about them is kept back by column grants.

ALTER TABLE public.videos ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.videos FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners do everything with their videos" ON public.videos;
CREATE POLICY "owners do everything with their videos" ON public.videos FOR ALL TO authenticated
    USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
