"""Workflow definitions, their executions, and what the platform remembers of them."""

from models.statements import run_statements

revision = "0003_workflows"
down_revision = "0002_content"

SCRIPT = r"""
CREATE TABLE public.workflows (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    config JSONB DEFAULT '{}'::jsonb NOT NULL,
    is_active BOOLEAN DEFAULT true NOT NULL,
    status TEXT DEFAULT 'idle'::text NOT NULL,
    last_run_at TIMESTAMP WITH TIME ZONE,
    next_run_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT workflows_pkey PRIMARY KEY (id),
    CONSTRAINT workflows_id_user_id_key UNIQUE (id, user_id),
    CONSTRAINT workflows_status_check CHECK (status IN ('idle', 'running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT workflows_name_length_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT workflows_description_length_check CHECK (char_length(description) <= 10000),
    CONSTRAINT workflows_version_check CHECK (version > 0),
    CONSTRAINT workflows_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX workflows_user_id_created_at_idx ON public.workflows (user_id, created_at DESC, id);

CREATE INDEX workflows_user_id_status_idx ON public.workflows (user_id, status);

CREATE TABLE public.workflow_executions (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    workflow_id UUID NOT NULL,
    status TEXT DEFAULT 'pending'::text NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    trigger TEXT DEFAULT 'manual'::text NOT NULL,
    trigger_data JSONB DEFAULT '{}'::jsonb NOT NULL,
    result_data JSONB,
    error JSONB,
    error_message TEXT,
    tasks JSONB DEFAULT '[]'::jsonb NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    duration_ms BIGINT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT workflow_executions_pkey PRIMARY KEY (id),
    CONSTRAINT workflow_executions_id_user_id_key UNIQUE (id, user_id),
    CONSTRAINT workflow_executions_workflow_id_fkey FOREIGN KEY (workflow_id, user_id)
        REFERENCES public.workflows (id, user_id) ON DELETE CASCADE,
    CONSTRAINT workflow_executions_status_check
        CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT workflow_executions_version_check CHECK (version > 0),
    CONSTRAINT workflow_executions_trigger_length_check CHECK (char_length(trigger) BETWEEN 1 AND 200),
    CONSTRAINT workflow_executions_duration_ms_check CHECK (duration_ms >= 0),
    CONSTRAINT workflow_executions_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX workflow_executions_open_idx ON public.workflow_executions (created_at)
    WHERE status = ANY (ARRAY['pending'::text, 'running'::text]);

CREATE INDEX workflow_executions_user_id_created_at_idx ON public.workflow_executions (user_id, created_at DESC, id);

CREATE INDEX workflow_executions_workflow_id_idx ON public.workflow_executions (user_id, workflow_id, created_at DESC);

CREATE TABLE private.workflow_versions (
    workflow_id UUID NOT NULL,
    version INTEGER NOT NULL,
    config JSONB,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT workflow_versions_pkey PRIMARY KEY (workflow_id, version),
    CONSTRAINT workflow_versions_workflow_id_fkey FOREIGN KEY (workflow_id)
        REFERENCES public.workflows (id) ON DELETE CASCADE
);

CREATE TABLE private.effects (
    execution_id UUID NOT NULL,
    key TEXT NOT NULL,
    result JSONB,
    undo JSONB,
    undone_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT effects_pkey PRIMARY KEY (execution_id, key),
    CONSTRAINT effects_execution_id_fkey FOREIGN KEY (execution_id)
        REFERENCES public.workflow_executions (id) ON DELETE CASCADE
);

CREATE TABLE private.idempotency_keys (
    user_id UUID NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    execution_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key),
    CONSTRAINT idempotency_keys_execution_id_fkey FOREIGN KEY (execution_id, user_id)
        REFERENCES public.workflow_executions (id, user_id) ON DELETE CASCADE,
    CONSTRAINT idempotency_keys_key_length_check CHECK (char_length(key) BETWEEN 1 AND 255),
    CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX idempotency_keys_execution_id_idx ON private.idempotency_keys (user_id, execution_id);

CREATE TABLE private.sql_files (
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT sql_files_pkey PRIMARY KEY (name)
);

"""


def upgrade() -> None:
    run_statements(SCRIPT)
