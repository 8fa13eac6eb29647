-- The gateway's log is read by its owner, and only ever added to, by the platform. Requests of nobody are the service's.

ALTER TABLE public.api_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.api_requests FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners read their requests" ON public.api_requests;
CREATE POLICY "owners read their requests" ON public.api_requests FOR SELECT TO authenticated
    USING (user_id = (SELECT auth.uid()));
