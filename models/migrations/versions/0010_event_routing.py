"""Who wants which events, and what is on its way to them."""

from models.statements import run_statements

revision = "0010_event_routing"
down_revision = "0009_triggers"

SCRIPT = r"""
CREATE INDEX events_held_idx ON private.events (execution_id) WHERE status = 'held'::text;

CREATE TABLE private.event_interests (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    user_id UUID NOT NULL,
    type TEXT NOT NULL,
    workflow_id UUID,
    execution_id UUID,
    key TEXT,
    position INTEGER NOT NULL,
    filter JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT event_interests_pkey PRIMARY KEY (id),
    CONSTRAINT event_interests_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT event_interests_workflow_id_fkey FOREIGN KEY (workflow_id, user_id)
        REFERENCES public.workflows (id, user_id) ON DELETE CASCADE,
    CONSTRAINT event_interests_execution_id_fkey FOREIGN KEY (execution_id, user_id)
        REFERENCES public.workflow_executions (id, user_id) ON DELETE CASCADE,
    CONSTRAINT event_interests_listener_check CHECK (num_nonnulls(workflow_id, execution_id) = 1)
);

CREATE INDEX event_interests_user_id_type_idx ON private.event_interests (user_id, type);

CREATE UNIQUE INDEX event_interests_workflow_id_idx ON private.event_interests (workflow_id, user_id, position);

CREATE UNIQUE INDEX event_interests_execution_id_idx
    ON private.event_interests (execution_id, user_id, key, position);

CREATE TABLE private.event_deliveries (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    user_id UUID NOT NULL,
    execution_id UUID NOT NULL,
    key TEXT NOT NULL,
    cursor BIGINT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT event_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT event_deliveries_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT event_deliveries_execution_id_fkey FOREIGN KEY (execution_id, user_id)
        REFERENCES public.workflow_executions (id, user_id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX event_deliveries_execution_id_idx
    ON private.event_deliveries (execution_id, user_id, key, cursor);

CREATE INDEX event_deliveries_user_id_idx ON private.event_deliveries (user_id);

CREATE INDEX event_deliveries_cursor_idx ON private.event_deliveries (cursor);

CREATE TABLE private.event_consumptions (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    user_id UUID NOT NULL,
    workflow_id UUID NOT NULL,
    version INTEGER NOT NULL,
    state JSONB NOT NULL,
    hops SMALLINT DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT event_consumptions_pkey PRIMARY KEY (id),
    CONSTRAINT event_consumptions_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT event_consumptions_workflow_id_fkey FOREIGN KEY (workflow_id, user_id)
        REFERENCES public.workflows (id, user_id) ON DELETE CASCADE
);

CREATE INDEX event_consumptions_workflow_id_idx ON private.event_consumptions (workflow_id, user_id);

CREATE INDEX event_consumptions_user_id_idx ON private.event_consumptions (user_id);

CREATE TABLE private.execution_hops (
    execution_id UUID NOT NULL,
    hops SMALLINT NOT NULL,
    CONSTRAINT execution_hops_pkey PRIMARY KEY (execution_id),
    CONSTRAINT execution_hops_execution_id_fkey FOREIGN KEY (execution_id)
        REFERENCES public.workflow_executions (id) ON DELETE CASCADE
);

"""


def upgrade() -> None:
    run_statements(SCRIPT)
