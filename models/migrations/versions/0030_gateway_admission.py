"""Keys that are issued and replaced, endpoints that are matched by pattern, and what has been let through lately."""

from models.statements import run_statements

revision = "0030_gateway_admission"
down_revision = "0029_request_log"

SCRIPT = r"""
-- Constraints need them now; models/sql/functions/gateway_keys.sql and gateway_endpoints.sql are what they stay.
CREATE FUNCTION private.valid_permissions(p_permissions jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT jsonb_typeof(p_permissions) = 'array' $$;

CREATE FUNCTION private.valid_route(p_path text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT starts_with(p_path, '/') $$;

-- Nothing asked for them before, so anything could be stored. The words are what they are; what else there is opens
-- nothing from now on, too: an array without it could be empty, which is everything.
-- Row security binds the owner of the tables, too, as whom migrations run.
ALTER TABLE public.api_keys NO FORCE ROW LEVEL SECURITY;

UPDATE public.api_keys SET permissions = (
    SELECT coalesce(jsonb_agg(DISTINCT CASE
               WHEN entry IN ('"read"', '"write"', '"*"') THEN entry
               ELSE '{"endpoint_id": "00000000-0000-0000-0000-000000000000"}' END), '[]')
      FROM jsonb_array_elements(
               CASE jsonb_typeof(permissions) WHEN 'array' THEN permissions ELSE jsonb_build_array(permissions) END
           ) AS entry);

ALTER TABLE public.api_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE public.api_keys
    ADD COLUMN daily_quota INTEGER,
    ADD COLUMN monthly_quota INTEGER,
    ADD COLUMN previous_key_hash BYTEA,
    ADD COLUMN previous_expires_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT api_keys_previous_key_hash_key UNIQUE (previous_key_hash),
    ADD CONSTRAINT api_keys_previous_key_hash_check CHECK (octet_length(previous_key_hash) = 32),
    ADD CONSTRAINT api_keys_previous_check CHECK ((previous_key_hash IS NULL) = (previous_expires_at IS NULL)),
    ADD CONSTRAINT api_keys_daily_quota_check CHECK (daily_quota > 0),
    ADD CONSTRAINT api_keys_monthly_quota_check CHECK (monthly_quota > 0),
    ADD CONSTRAINT api_keys_permissions_check CHECK (private.valid_permissions(permissions));

ALTER TABLE public.api_endpoints
    ADD COLUMN sealed_headers JSONB DEFAULT '{}'::jsonb NOT NULL,
    ADD COLUMN cache_seconds INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN segments TEXT[] GENERATED ALWAYS AS (string_to_array(substr(path, 2), '/')) STORED,
    ADD COLUMN literal_prefix TEXT GENERATED ALWAYS AS (
        CASE WHEN path ~ '[{*]' THEN split_part(split_part(path, '{', 1), '*', 1) END
    ) STORED,
    ADD CONSTRAINT api_endpoints_route_check CHECK (private.valid_route(path)),
    ADD CONSTRAINT api_endpoints_sealed_headers_check CHECK (jsonb_typeof(sealed_headers) = 'object'),
    ADD CONSTRAINT api_endpoints_cache_seconds_check CHECK (cache_seconds BETWEEN 0 AND 86400);

CREATE INDEX api_endpoints_user_id_literal_prefix_idx ON public.api_endpoints (user_id, literal_prefix);

CREATE INDEX api_endpoints_path_idx ON public.api_endpoints USING hash (path);

-- What it forgets in a crash is a minute old at most, and it is written at every call.
CREATE UNLOGGED TABLE private.gateway_windows (
    id UUID NOT NULL,
    oldest BIGINT DEFAULT 0 NOT NULL,
    newest BIGINT DEFAULT 0 NOT NULL,
    total INTEGER DEFAULT 0 NOT NULL,
    counts INTEGER[] DEFAULT array_fill(0, ARRAY[61]) NOT NULL,
    CONSTRAINT gateway_windows_pkey PRIMARY KEY (id)
) WITH (fillfactor = 50);

CREATE TABLE private.gateway_quotas (
    key_id UUID NOT NULL,
    day DATE DEFAULT '-infinity'::date NOT NULL,
    day_count INTEGER DEFAULT 0 NOT NULL,
    month DATE DEFAULT '-infinity'::date NOT NULL,
    month_count INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT gateway_quotas_pkey PRIMARY KEY (key_id),
    CONSTRAINT gateway_quotas_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys (id) ON DELETE CASCADE
) WITH (fillfactor = 50);
"""


def upgrade() -> None:
    run_statements(SCRIPT)
