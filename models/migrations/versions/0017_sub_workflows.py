"""Executions that executions begin, and what completed ones remember for their parent's rollback."""

from models.statements import run_statements

revision = "0017_sub_workflows"
down_revision = "0016_jobs"

SCRIPT = r"""
ALTER TABLE public.workflow_executions ADD COLUMN parent_execution_id UUID;

ALTER TABLE public.workflow_executions ADD CONSTRAINT workflow_executions_parent_execution_id_fkey
    FOREIGN KEY (parent_execution_id, user_id) REFERENCES public.workflow_executions (id, user_id)
    ON DELETE SET NULL (parent_execution_id);

CREATE INDEX workflow_executions_parent_execution_id_idx ON public.workflow_executions (parent_execution_id, user_id)
    WHERE parent_execution_id IS NOT NULL;

CREATE INDEX workflows_document_name_idx ON public.workflows
    (user_id, (config #>> '{document,namespace}'::text[]), (config #>> '{document,name}'::text[]));

CREATE TABLE private.journals (
    execution_id UUID NOT NULL,
    checkpoint JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT journals_pkey PRIMARY KEY (execution_id),
    CONSTRAINT journals_execution_id_fkey FOREIGN KEY (execution_id)
        REFERENCES public.workflow_executions (id) ON DELETE CASCADE
);

ALTER TABLE private.journals ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.journals FORCE ROW LEVEL SECURITY;

"""


def upgrade() -> None:
    run_statements(SCRIPT)
