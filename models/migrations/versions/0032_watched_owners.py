"""Whose video was watched, so that sessions are bounded for each owner; a column of chunks that nobody reads goes."""

from models.statements import run_statements

revision = "0032_watched_owners"
down_revision = "0031_gateway_paths"

SCRIPT = r"""
ALTER TABLE private.watch_days ADD COLUMN owner_id UUID;

UPDATE private.watch_days d SET owner_id = v.user_id FROM public.videos v WHERE v.id = d.video_id;

ALTER TABLE private.watch_days ALTER COLUMN owner_id SET NOT NULL;

CREATE INDEX watch_days_owner_id_day_idx ON private.watch_days (owner_id, day);

ALTER TABLE private.video_chunks DROP COLUMN start;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
