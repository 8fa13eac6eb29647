"""Approvals, callbacks and mail of workflows."""

from models.statements import run_statements

revision = "0011_approvals"
down_revision = "0010_event_routing"

SCRIPT = r"""
CREATE TABLE private.approvals (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    execution_id UUID NOT NULL,
    key TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    title TEXT NOT NULL,
    body TEXT,
    form JSONB,
    approvers UUID[] NOT NULL,
    role TEXT,
    status TEXT DEFAULT 'pending'::text NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    comment TEXT,
    data JSONB,
    delivered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT approvals_pkey PRIMARY KEY (id),
    CONSTRAINT approvals_execution_id_key_key UNIQUE (execution_id, key),
    CONSTRAINT approvals_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT approvals_execution_id_fkey FOREIGN KEY (execution_id, user_id)
        REFERENCES public.workflow_executions (id, user_id) ON DELETE CASCADE,
    CONSTRAINT approvals_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES auth.users (id) ON DELETE SET NULL,
    CONSTRAINT approvals_status_check CHECK (status IN ('pending', 'approved', 'rejected', 'expired', 'withdrawn')),
    CONSTRAINT approvals_role_check CHECK (role IN ('admin', 'moderator')),
    CONSTRAINT approvals_title_length_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT approvals_body_length_check CHECK (char_length(body) <= 10000),
    CONSTRAINT approvals_comment_length_check CHECK (char_length(comment) <= 10000),
    CONSTRAINT approvals_approvers_check CHECK (cardinality(approvers) > 0 OR role IS NOT NULL)
);

CREATE INDEX approvals_execution_id_idx ON private.approvals (execution_id, user_id);

CREATE INDEX approvals_user_id_id_idx ON private.approvals (user_id, id);

CREATE INDEX approvals_approvers_idx ON private.approvals USING gin (approvers);

CREATE INDEX approvals_role_id_idx ON private.approvals (role, id) WHERE role IS NOT NULL;

CREATE INDEX approvals_decided_by_idx ON private.approvals (decided_by) WHERE decided_by IS NOT NULL;

CREATE INDEX approvals_undelivered_idx ON private.approvals (decided_at)
    WHERE decided_at IS NOT NULL AND delivered_at IS NULL;

CREATE TABLE private.callbacks (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    execution_id UUID NOT NULL,
    key TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    token_hash BYTEA NOT NULL,
    status TEXT DEFAULT 'waiting'::text NOT NULL,
    body JSONB,
    received_at TIMESTAMP WITH TIME ZONE,
    delivered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT callbacks_pkey PRIMARY KEY (id),
    CONSTRAINT callbacks_execution_id_key_key UNIQUE (execution_id, key),
    CONSTRAINT callbacks_token_hash_key UNIQUE (token_hash),
    CONSTRAINT callbacks_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT callbacks_execution_id_fkey FOREIGN KEY (execution_id, user_id)
        REFERENCES public.workflow_executions (id, user_id) ON DELETE CASCADE,
    CONSTRAINT callbacks_status_check CHECK (status IN ('waiting', 'received', 'closed'))
);

CREATE INDEX callbacks_execution_id_idx ON private.callbacks (execution_id, user_id);

CREATE INDEX callbacks_user_id_idx ON private.callbacks (user_id);

CREATE INDEX callbacks_undelivered_idx ON private.callbacks (received_at)
    WHERE received_at IS NOT NULL AND delivered_at IS NULL;

CREATE TABLE private.mails (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    execution_id UUID NOT NULL,
    key TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    place INTEGER DEFAULT 0 NOT NULL,
    recipients TEXT[] NOT NULL,
    subject TEXT NOT NULL,
    text TEXT,
    html TEXT,
    sent_at TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT mails_pkey PRIMARY KEY (id),
    CONSTRAINT mails_execution_id_key_place_key UNIQUE (execution_id, key, place),
    CONSTRAINT mails_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT mails_execution_id_fkey FOREIGN KEY (execution_id, user_id)
        REFERENCES public.workflow_executions (id, user_id) ON DELETE CASCADE
);

CREATE INDEX mails_execution_id_idx ON private.mails (execution_id, user_id);

CREATE INDEX mails_user_id_created_at_idx ON private.mails (user_id, created_at);

CREATE INDEX mails_unsent_idx ON private.mails (created_at) WHERE sent_at IS NULL AND failed_at IS NULL;

ALTER TABLE private.approvals ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.approvals FORCE ROW LEVEL SECURITY;

ALTER TABLE private.callbacks ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.callbacks FORCE ROW LEVEL SECURITY;

ALTER TABLE private.mails ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.mails FORCE ROW LEVEL SECURITY;


"""


def upgrade() -> None:
    run_statements(SCRIPT)
