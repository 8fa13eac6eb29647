"""The phase of an open execution: whether it runs, waits or is suspended."""

from models.statements import run_statements

revision = "0013_phase"
down_revision = "0012_retries"

SCRIPT = r"""
ALTER TABLE public.workflow_executions ADD COLUMN phase TEXT;

UPDATE public.workflow_executions SET phase = status WHERE status IN ('pending', 'running');

ALTER TABLE public.workflow_executions
    ALTER COLUMN phase SET DEFAULT 'pending'::text,
    ADD CONSTRAINT workflow_executions_phase_check
        CHECK (phase = ANY (ARRAY['pending'::text, 'running'::text, 'waiting'::text, 'suspended'::text]));
"""


def upgrade() -> None:
    run_statements(SCRIPT)
