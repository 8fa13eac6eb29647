"""Tutorials that a model writes: their runs, and what a tutorial says beside its steps."""

from models.statements import run_statements

revision = "0025_tutorial_runs"
down_revision = "0024_video_watching"

SCRIPT = r"""
ALTER TABLE public.tutorials
    ADD COLUMN prerequisites TEXT[] DEFAULT '{}'::text[] NOT NULL,
    ADD COLUMN summary TEXT,
    ADD CONSTRAINT tutorials_summary_length_check CHECK (char_length(summary) <= 10000),
    ADD CONSTRAINT tutorials_id_user_id_key UNIQUE (id, user_id);

CREATE TABLE private.tutorial_runs (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    topic TEXT NOT NULL,
    level TEXT NOT NULL,
    steps INTEGER NOT NULL,
    model TEXT,
    source JSONB,
    status TEXT DEFAULT 'pending'::text NOT NULL,
    progress INTEGER DEFAULT 0 NOT NULL,
    steps_done INTEGER DEFAULT 0 NOT NULL,
    error JSONB,
    tutorial_id UUID,
    idempotency_key TEXT,
    fingerprint TEXT,
    attempt INTEGER DEFAULT 1 NOT NULL,
    execution_id UUID,
    cancel_requested_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    completed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT tutorial_runs_pkey PRIMARY KEY (id),
    CONSTRAINT tutorial_runs_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT tutorial_runs_tutorial_id_fkey FOREIGN KEY (tutorial_id, user_id)
        REFERENCES public.tutorials (id, user_id) ON DELETE SET NULL (tutorial_id),
    CONSTRAINT tutorial_runs_execution_id_fkey FOREIGN KEY (execution_id, user_id)
        REFERENCES public.workflow_executions (id, user_id) ON DELETE SET NULL (execution_id),
    CONSTRAINT tutorial_runs_status_check CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT tutorial_runs_level_check CHECK (level IN ('beginner', 'intermediate', 'advanced')),
    CONSTRAINT tutorial_runs_topic_length_check CHECK (char_length(topic) BETWEEN 1 AND 500),
    CONSTRAINT tutorial_runs_idempotency_key_length_check CHECK (char_length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT tutorial_runs_steps_check CHECK (steps BETWEEN 1 AND 100),
    CONSTRAINT tutorial_runs_progress_check CHECK (progress BETWEEN 0 AND 100)
);

CREATE INDEX tutorial_runs_user_id_id_idx ON private.tutorial_runs (user_id, id);

CREATE INDEX tutorial_runs_tutorial_id_idx ON private.tutorial_runs (tutorial_id, user_id);

CREATE INDEX tutorial_runs_execution_id_idx ON private.tutorial_runs (execution_id, user_id);

CREATE INDEX tutorial_runs_open_idx ON private.tutorial_runs (user_id, id) WHERE status IN ('pending', 'running');

CREATE UNIQUE INDEX tutorial_runs_key_idx ON private.tutorial_runs (user_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

ALTER TABLE private.tutorial_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.tutorial_runs FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
