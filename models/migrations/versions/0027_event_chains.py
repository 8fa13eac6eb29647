"""What an event has set off is counted by its origin."""

from models.statements import run_statements

revision = "0027_event_chains"
down_revision = "0026_direct_uploads"

SCRIPT = r"""
ALTER TABLE private.events ADD COLUMN origin BIGINT;

CREATE INDEX events_origin_idx ON private.events (origin, status) WHERE origin IS NOT NULL;

ALTER TABLE private.event_consumptions ADD COLUMN origin BIGINT;

ALTER TABLE private.execution_hops ADD COLUMN origin BIGINT;

CREATE INDEX execution_hops_origin_idx ON private.execution_hops (origin) WHERE origin IS NOT NULL;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
