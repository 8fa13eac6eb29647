"""What a run has published, when it is to be started, and that prefixes are swept twice."""

from models.statements import run_statements

revision = "0023_video_lifecycle"
down_revision = "0022_ai_calls"

SCRIPT = r"""
ALTER TABLE private.video_runs ADD COLUMN published JSONB, ADD COLUMN start_due_at TIMESTAMP WITH TIME ZONE;

CREATE INDEX video_runs_start_due_at_idx ON private.video_runs (start_due_at) WHERE start_due_at IS NOT NULL;

ALTER TABLE private.doomed_prefixes ADD COLUMN swept_at TIMESTAMP WITH TIME ZONE;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
