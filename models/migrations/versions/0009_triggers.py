"""Runs that wait to be started, and how many of a definition may be under way at once."""

from models.statements import run_statements

revision = "0009_triggers"
down_revision = "0008_events"

SCRIPT = r"""
CREATE TABLE private.execution_starts (
    execution_id UUID NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT execution_starts_pkey PRIMARY KEY (execution_id),
    CONSTRAINT execution_starts_execution_id_fkey FOREIGN KEY (execution_id)
        REFERENCES public.workflow_executions (id) ON DELETE CASCADE
);

CREATE INDEX execution_starts_due_at_idx ON private.execution_starts (due_at);

CREATE TABLE private.queued_executions (
    execution_id UUID NOT NULL,
    workflow_id UUID NOT NULL,
    CONSTRAINT queued_executions_pkey PRIMARY KEY (execution_id),
    CONSTRAINT queued_executions_execution_id_fkey FOREIGN KEY (execution_id)
        REFERENCES public.workflow_executions (id) ON DELETE CASCADE
);

CREATE INDEX queued_executions_workflow_id_execution_id_idx ON private.queued_executions (workflow_id, execution_id);

CREATE INDEX workflow_executions_open_by_owner_idx ON public.workflow_executions (user_id, workflow_id, id)
    WHERE status = ANY (ARRAY['pending'::text, 'running'::text]);

ALTER TABLE private.workflow_versions
    ADD COLUMN concurrency_limit INTEGER,
    ADD COLUMN on_limit TEXT DEFAULT 'queue'::text NOT NULL;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
