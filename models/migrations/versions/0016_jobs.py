"""Bulk jobs over executions."""

from models.statements import run_statements

revision = "0016_jobs"
down_revision = "0015_secrets"

SCRIPT = r"""
CREATE TABLE private.execution_jobs (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    action TEXT NOT NULL,
    filter JSONB NOT NULL,
    point TEXT,
    version INTEGER,
    rate DOUBLE PRECISION NOT NULL,
    status TEXT DEFAULT 'running'::text NOT NULL,
    total INTEGER NOT NULL,
    done INTEGER DEFAULT 0 NOT NULL,
    failed INTEGER DEFAULT 0 NOT NULL,
    skipped INTEGER DEFAULT 0 NOT NULL,
    errors JSONB DEFAULT '[]'::jsonb NOT NULL,
    cursor_at TIMESTAMP WITH TIME ZONE,
    cursor_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    completed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT execution_jobs_pkey PRIMARY KEY (id),
    CONSTRAINT execution_jobs_action_check CHECK (action IN ('cancel', 'replay', 'retry')),
    CONSTRAINT execution_jobs_status_check CHECK (status IN ('running', 'paused', 'completed', 'cancelled')),
    CONSTRAINT execution_jobs_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX execution_jobs_user_id_id_idx ON private.execution_jobs (user_id, id);

CREATE INDEX execution_jobs_open_idx ON private.execution_jobs (id) WHERE status = 'running';
"""


def upgrade() -> None:
    run_statements(SCRIPT)
