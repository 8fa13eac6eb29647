"""Addresses under which the world starts a definition."""

from models.statements import run_statements

revision = "0019_webhooks"
down_revision = "0018_retention"

SCRIPT = r"""
CREATE TABLE private.workflow_hooks (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    workflow_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    scheme TEXT NOT NULL,
    secret_key_id TEXT,
    secret BYTEA,
    previous_key_id TEXT,
    previous_secret BYTEA,
    previous_until TIMESTAMP WITH TIME ZONE,
    methods TEXT[] DEFAULT '{POST}'::text[] NOT NULL,
    respond TEXT DEFAULT 'accepted'::text NOT NULL,
    rate_limit INTEGER NOT NULL,
    admitted_until TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    revision INTEGER DEFAULT 1 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT workflow_hooks_pkey PRIMARY KEY (id),
    CONSTRAINT workflow_hooks_token_hash_key UNIQUE (token_hash),
    CONSTRAINT workflow_hooks_scheme_check CHECK (scheme IN ('standard-webhooks', 'github', 'stripe', 'none')),
    CONSTRAINT workflow_hooks_respond_check CHECK (respond IN ('accepted', 'result')),
    CONSTRAINT workflow_hooks_rate_limit_check CHECK (rate_limit > 0),
    CONSTRAINT workflow_hooks_workflow_id_fkey FOREIGN KEY (workflow_id, user_id)
        REFERENCES public.workflows (id, user_id) ON DELETE CASCADE
);

CREATE INDEX workflow_hooks_workflow_id_user_id_id_idx ON private.workflow_hooks (workflow_id, user_id, id);
"""


def upgrade() -> None:
    run_statements(SCRIPT)
