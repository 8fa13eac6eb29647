"""The stream of events."""

from models.statements import run_statements

revision = "0008_events"
down_revision = "0007_tutorial_counts"

SCRIPT = r"""
CREATE TABLE private.events (
    cursor BIGINT GENERATED ALWAYS AS IDENTITY,
    user_id UUID NOT NULL,
    source TEXT NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    event JSONB NOT NULL,
    execution_id UUID,
    hops SMALLINT DEFAULT 0 NOT NULL,
    status TEXT DEFAULT 'routed'::text NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (cursor),
    CONSTRAINT events_user_id_source_event_id_key UNIQUE (user_id, source, event_id),
    CONSTRAINT events_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT events_execution_id_fkey FOREIGN KEY (execution_id, user_id)
        REFERENCES public.workflow_executions (id, user_id) ON DELETE CASCADE,
    CONSTRAINT events_status_check CHECK (status IN ('pending', 'held', 'routed')),
    CONSTRAINT events_length_check
        CHECK (octet_length(source) <= 1024 AND octet_length(event_id) <= 512 AND octet_length(type) <= 512)
);

CREATE INDEX events_user_id_cursor_idx ON private.events (user_id, cursor);

CREATE INDEX events_execution_id_idx ON private.events (execution_id, user_id) WHERE execution_id IS NOT NULL;

CREATE INDEX events_pending_idx ON private.events (user_id, cursor) WHERE status = 'pending'::text;

"""


def upgrade() -> None:
    run_statements(SCRIPT)
