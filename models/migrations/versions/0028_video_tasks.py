"""Which task of which execution has begun the processing of a video."""

from models.statements import run_statements

revision = "0028_video_tasks"
down_revision = "0027_event_chains"

SCRIPT = r"""
ALTER TABLE private.video_runs ADD COLUMN effect_key TEXT;

CREATE UNIQUE INDEX video_runs_effect_key_idx ON private.video_runs (user_id, effect_key) WHERE effect_key IS NOT NULL;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
