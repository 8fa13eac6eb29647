"""For how many days ended executions are kept."""

from models.statements import run_statements

revision = "0018_retention"
down_revision = "0017_sub_workflows"

SCRIPT = r"""
ALTER TABLE private.workflow_versions ADD COLUMN retention_days INTEGER;

CREATE INDEX workflow_versions_retention_idx ON private.workflow_versions (workflow_id, version)
    WHERE retention_days IS NOT NULL;

CREATE INDEX workflow_executions_completed_at_idx ON public.workflow_executions (completed_at)
    WHERE completed_at IS NOT NULL;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
