"""Retries of executions, and the effects that they take over."""

from models.statements import run_statements

revision = "0012_retries"
down_revision = "0011_approvals"

SCRIPT = r"""
ALTER TABLE public.workflow_executions ADD COLUMN retry_of UUID;

ALTER TABLE private.effects
    ADD COLUMN adopted_id UUID,
    ADD COLUMN adopted_key TEXT;

CREATE TABLE private.execution_retries (
    execution_id UUID NOT NULL,
    origin_id UUID NOT NULL,
    root_id UUID NOT NULL,
    point TEXT NOT NULL,
    iteration TEXT,
    CONSTRAINT execution_retries_pkey PRIMARY KEY (execution_id),
    CONSTRAINT execution_retries_execution_id_fkey FOREIGN KEY (execution_id)
        REFERENCES public.workflow_executions (id) ON DELETE CASCADE
);

CREATE INDEX execution_retries_origin_id_idx ON private.execution_retries (origin_id);

CREATE INDEX execution_retries_root_id_idx ON private.execution_retries (root_id);
"""


def upgrade() -> None:
    run_statements(SCRIPT)
