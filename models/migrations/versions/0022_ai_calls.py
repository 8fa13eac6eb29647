"""The ledger of calls to language models, what they answered, and text while it is written."""

from models.statements import run_statements

revision = "0022_ai_calls"
down_revision = "0021_video_runs"

SCRIPT = r"""
CREATE TABLE private.ai_answers (
    run_id UUID NOT NULL,
    step TEXT NOT NULL,
    turn INTEGER NOT NULL,
    user_id UUID NOT NULL,
    body TEXT NOT NULL,
    is_valid BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT ai_answers_pkey PRIMARY KEY (run_id, step, turn),
    CONSTRAINT ai_answers_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX ai_answers_created_at_idx ON private.ai_answers (created_at);

CREATE INDEX ai_answers_user_id_idx ON private.ai_answers (user_id);

ALTER TABLE private.ai_answers ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.ai_answers FORCE ROW LEVEL SECURITY;

CREATE TABLE private.ai_calls (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID NOT NULL,
    run_id UUID NOT NULL,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    model TEXT NOT NULL,
    outcome TEXT DEFAULT 'open'::text NOT NULL,
    code TEXT,
    message TEXT,
    status INTEGER,
    request_id TEXT,
    prompt_tokens INTEGER DEFAULT 0 NOT NULL,
    cached_tokens INTEGER DEFAULT 0 NOT NULL,
    completion_tokens INTEGER DEFAULT 0 NOT NULL,
    reasoning_tokens INTEGER DEFAULT 0 NOT NULL,
    is_estimated BOOLEAN DEFAULT true NOT NULL,
    cost NUMERIC(16, 8),
    reserved_tokens INTEGER NOT NULL,
    reserved_cost NUMERIC(16, 8) NOT NULL,
    first_text_ms INTEGER,
    latency_ms INTEGER,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT ai_calls_pkey PRIMARY KEY (id),
    CONSTRAINT ai_calls_run_id_step_attempt_key UNIQUE (run_id, step, attempt),
    CONSTRAINT ai_calls_outcome_check CHECK (
        outcome IN ('open', 'completed', 'invalid', 'refused', 'failed', 'cut', 'cancelled', 'lost')),
    CONSTRAINT ai_calls_step_length_check CHECK (char_length(step) BETWEEN 1 AND 2000),
    CONSTRAINT ai_calls_model_length_check CHECK (char_length(model) BETWEEN 1 AND 200),
    CONSTRAINT ai_calls_kind_length_check CHECK (char_length(kind) <= 100),
    CONSTRAINT ai_calls_code_length_check CHECK (char_length(code) <= 100),
    CONSTRAINT ai_calls_message_length_check CHECK (char_length(message) <= 2048),
    CONSTRAINT ai_calls_request_id_length_check CHECK (char_length(request_id) <= 200),
    CONSTRAINT ai_calls_prompt_tokens_check CHECK (prompt_tokens >= 0),
    CONSTRAINT ai_calls_cached_tokens_check CHECK (cached_tokens >= 0),
    CONSTRAINT ai_calls_completion_tokens_check CHECK (completion_tokens >= 0),
    CONSTRAINT ai_calls_reasoning_tokens_check CHECK (reasoning_tokens >= 0),
    CONSTRAINT ai_calls_reserved_tokens_check CHECK (reserved_tokens >= 0),
    CONSTRAINT ai_calls_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX ai_calls_open_idx ON private.ai_calls (user_id) WHERE outcome = 'open';

CREATE INDEX ai_calls_started_at_idx ON private.ai_calls (started_at);

CREATE INDEX ai_calls_user_id_id_idx ON private.ai_calls (user_id, id);

CREATE INDEX ai_calls_user_id_started_at_idx ON private.ai_calls (user_id, started_at DESC);

ALTER TABLE private.ai_calls ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.ai_calls FORCE ROW LEVEL SECURITY;

CREATE TABLE private.ai_deltas (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    user_id UUID NOT NULL,
    run_id UUID NOT NULL,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    text TEXT NOT NULL,
    outcome TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT ai_deltas_pkey PRIMARY KEY (id),
    CONSTRAINT ai_deltas_outcome_check CHECK (
        outcome IN ('open', 'completed', 'invalid', 'refused', 'failed', 'cut', 'cancelled', 'lost')),
    CONSTRAINT ai_deltas_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX ai_deltas_created_at_idx ON private.ai_deltas (created_at);

CREATE INDEX ai_deltas_run_id_id_idx ON private.ai_deltas (run_id, id);

CREATE INDEX ai_deltas_user_id_idx ON private.ai_deltas (user_id);

ALTER TABLE private.ai_deltas ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.ai_deltas FORCE ROW LEVEL SECURITY;

CREATE TABLE private.ai_usage (
    user_id UUID NOT NULL,
    day DATE NOT NULL,
    model TEXT NOT NULL,
    calls INTEGER NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost NUMERIC(16, 8) NOT NULL,
    CONSTRAINT ai_usage_pkey PRIMARY KEY (user_id, day, model),
    CONSTRAINT ai_usage_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

ALTER TABLE private.ai_usage ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.ai_usage FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
