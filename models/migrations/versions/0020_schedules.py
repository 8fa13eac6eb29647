"""Definitions that run by themselves: what has changed, and what is paused."""

from models.statements import run_statements

revision = "0020_schedules"
down_revision = "0019_webhooks"

SCRIPT = r"""
CREATE TABLE private.schedule_changes (
    workflow_id UUID NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT schedule_changes_pkey PRIMARY KEY (workflow_id)
);

CREATE INDEX schedule_changes_changed_at_idx ON private.schedule_changes (changed_at);

CREATE TABLE private.schedule_pauses (
    workflow_id UUID NOT NULL,
    note TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT schedule_pauses_pkey PRIMARY KEY (workflow_id),
    CONSTRAINT schedule_pauses_note_length_check CHECK (char_length(note) <= 10000),
    CONSTRAINT schedule_pauses_workflow_id_fkey FOREIGN KEY (workflow_id)
        REFERENCES public.workflows (id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    run_statements(SCRIPT)
