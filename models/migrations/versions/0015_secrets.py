"""Secrets that workflows read."""

from models.statements import run_statements

revision = "0015_secrets"
down_revision = "0014_change_log"

SCRIPT = r"""
CREATE TABLE private.secrets (
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    ciphertext BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT secrets_pkey PRIMARY KEY (user_id, name),
    CONSTRAINT secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE,
    CONSTRAINT secrets_name_length_check CHECK (char_length(name) BETWEEN 1 AND 128)
);

ALTER TABLE private.secrets ENABLE ROW LEVEL SECURITY;

ALTER TABLE private.secrets FORCE ROW LEVEL SECURITY;

"""


def upgrade() -> None:
    run_statements(SCRIPT)
