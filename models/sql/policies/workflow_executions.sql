-- Executions are read by their owner and written by the platform alone.

ALTER TABLE public.workflow_executions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.workflow_executions FORCE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "owners read their executions" ON public.workflow_executions;
CREATE POLICY "owners read their executions" ON public.workflow_executions FOR SELECT TO authenticated
    USING (user_id = (SELECT auth.uid()));
