"""The log of every change."""

from models.statements import run_statements

revision = "0014_change_log"
down_revision = "0013_phase"

SCRIPT = r"""
CREATE TABLE private.change_log (
    xid BIGINT DEFAULT (pg_current_xact_id()::text)::bigint NOT NULL,
    cursor BIGINT GENERATED ALWAYS AS IDENTITY,
    user_id UUID NOT NULL,
    table_name TEXT NOT NULL,
    row_id UUID NOT NULL,
    operation TEXT NOT NULL,
    record JSONB,
    old_record JSONB,
    execution_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT change_log_pkey PRIMARY KEY (xid, cursor),
    CONSTRAINT change_log_operation_check CHECK (operation IN ('insert', 'update', 'delete'))
);

"""


def upgrade() -> None:
    run_statements(SCRIPT)
