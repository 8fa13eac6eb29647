"""Accounts, sessions, and the function that says whose a new row is."""

from models.statements import run_statements

revision = "0001_accounts"
down_revision = None

SCRIPT = r"""
-- Column defaults need it now; models/sql/functions/auth_identity.sql is what it stays.
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid $$;

CREATE TABLE auth.users (
    id UUID DEFAULT uuidv7() NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    aud TEXT DEFAULT 'authenticated'::text NOT NULL,
    role TEXT DEFAULT 'authenticated'::text NOT NULL,
    email TEXT,
    encrypted_password TEXT,
    email_confirmed_at TIMESTAMP WITH TIME ZONE,
    phone TEXT,
    phone_confirmed_at TIMESTAMP WITH TIME ZONE,
    confirmation_sent_at TIMESTAMP WITH TIME ZONE,
    recovery_sent_at TIMESTAMP WITH TIME ZONE,
    invited_at TIMESTAMP WITH TIME ZONE,
    last_sign_in_at TIMESTAMP WITH TIME ZONE,
    raw_app_meta_data JSONB DEFAULT '{}'::jsonb NOT NULL,
    raw_user_meta_data JSONB DEFAULT '{}'::jsonb NOT NULL,
    is_anonymous BOOLEAN DEFAULT false NOT NULL,
    banned_until TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_email_length_check CHECK (char_length(email) BETWEEN 3 AND 320),
    CONSTRAINT users_email_lower_check CHECK (email = lower(email)),
    CONSTRAINT users_raw_app_meta_data_check CHECK (jsonb_typeof(raw_app_meta_data) = 'object'),
    CONSTRAINT users_raw_user_meta_data_check CHECK (jsonb_typeof(raw_user_meta_data) = 'object')
);

CREATE INDEX users_created_at_idx ON auth.users (created_at DESC, id);

CREATE UNIQUE INDEX users_email_key ON auth.users (email) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX users_phone_key ON auth.users (phone) WHERE deleted_at IS NULL;

CREATE TABLE auth.identities (
    id UUID DEFAULT uuidv7() NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    user_id UUID NOT NULL,
    provider TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    identity_data JSONB DEFAULT '{}'::jsonb NOT NULL,
    last_sign_in_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT identities_pkey PRIMARY KEY (id),
    CONSTRAINT identities_provider_id_provider_key UNIQUE (provider_id, provider),
    CONSTRAINT identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX identities_user_id_idx ON auth.identities (user_id);

CREATE TABLE auth.sessions (
    id UUID DEFAULT uuidv7() NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    user_id UUID NOT NULL,
    aal TEXT DEFAULT 'aal1'::text NOT NULL,
    refresh_counter BIGINT DEFAULT 0 NOT NULL,
    refresh_key BYTEA,
    refreshed_at TIMESTAMP WITH TIME ZONE,
    last_rotated_at TIMESTAMP WITH TIME ZONE,
    not_after TIMESTAMP WITH TIME ZONE,
    user_agent TEXT,
    ip INET,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_aal_check CHECK (aal IN ('aal1', 'aal2', 'aal3')),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX sessions_user_id_idx ON auth.sessions (user_id);

CREATE TABLE auth.login_failures (
    key BYTEA NOT NULL,
    failures INTEGER DEFAULT 0 NOT NULL,
    window_started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    blocked_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT login_failures_pkey PRIMARY KEY (key)
);

"""


def upgrade() -> None:
    run_statements(SCRIPT)
