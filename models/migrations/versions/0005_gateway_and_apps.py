"""The API gateway and the app builder."""

from models.statements import run_statements

revision = "0005_gateway_and_apps"
down_revision = "0004_crm"

SCRIPT = r"""
CREATE TABLE public.api_endpoints (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    method TEXT DEFAULT 'GET'::text NOT NULL,
    description TEXT,
    target_url TEXT NOT NULL,
    rate_limit INTEGER DEFAULT 100 NOT NULL,
    timeout_ms INTEGER DEFAULT 30000 NOT NULL,
    is_active BOOLEAN DEFAULT true NOT NULL,
    headers JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT api_endpoints_pkey PRIMARY KEY (id),
    CONSTRAINT api_endpoints_id_user_id_key UNIQUE (id, user_id),
    CONSTRAINT api_endpoints_user_id_path_method_key UNIQUE (user_id, path, method),
    CONSTRAINT api_endpoints_method_check CHECK (method IN ('GET', 'POST', 'PUT', 'DELETE', 'PATCH')),
    CONSTRAINT api_endpoints_name_length_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT api_endpoints_path_length_check CHECK (char_length(path) <= 2048),
    CONSTRAINT api_endpoints_description_length_check CHECK (char_length(description) <= 10000),
    CONSTRAINT api_endpoints_target_url_length_check CHECK (char_length(target_url) <= 2048),
    CONSTRAINT api_endpoints_path_check CHECK (path LIKE '/%%'),
    CONSTRAINT api_endpoints_target_url_check CHECK (target_url ~* '^https?://'),
    CONSTRAINT api_endpoints_rate_limit_check CHECK (rate_limit > 0),
    CONSTRAINT api_endpoints_timeout_ms_check CHECK (timeout_ms BETWEEN 1 AND 300000),
    CONSTRAINT api_endpoints_headers_check CHECK (jsonb_typeof(headers) = 'object'),
    CONSTRAINT api_endpoints_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX api_endpoints_user_id_created_at_idx ON public.api_endpoints (user_id, created_at DESC, id);

CREATE TABLE public.api_keys (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    name TEXT NOT NULL,
    permissions JSONB DEFAULT '[]'::jsonb NOT NULL,
    rate_limit INTEGER DEFAULT 100 NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    is_active BOOLEAN DEFAULT true NOT NULL,
    prefix TEXT,
    last_used_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    key_hash BYTEA,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_id_user_id_key UNIQUE (id, user_id),
    CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT api_keys_name_length_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT api_keys_prefix_length_check CHECK (char_length(prefix) <= 200),
    CONSTRAINT api_keys_key_hash_check CHECK (octet_length(key_hash) = 32),
    CONSTRAINT api_keys_rate_limit_check CHECK (rate_limit > 0),
    CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX api_keys_user_id_created_at_idx ON public.api_keys (user_id, created_at DESC, id);

CREATE TABLE public.api_requests (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    endpoint_id UUID,
    api_key_id UUID,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status_code INTEGER NOT NULL,
    response_time_ms INTEGER,
    request_size BIGINT,
    response_size BIGINT,
    ip_address INET,
    user_agent TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT api_requests_pkey PRIMARY KEY (id),
    CONSTRAINT api_requests_endpoint_id_fkey FOREIGN KEY (endpoint_id, user_id)
        REFERENCES public.api_endpoints (id, user_id) ON DELETE SET NULL (endpoint_id),
    CONSTRAINT api_requests_api_key_id_fkey FOREIGN KEY (api_key_id, user_id)
        REFERENCES public.api_keys (id, user_id) ON DELETE SET NULL (api_key_id),
    CONSTRAINT api_requests_method_length_check CHECK (char_length(method) <= 20),
    CONSTRAINT api_requests_path_length_check CHECK (char_length(path) <= 2048),
    CONSTRAINT api_requests_user_agent_length_check CHECK (char_length(user_agent) <= 2048),
    CONSTRAINT api_requests_status_code_check CHECK (status_code BETWEEN 100 AND 599),
    CONSTRAINT api_requests_response_time_ms_check CHECK (response_time_ms >= 0),
    CONSTRAINT api_requests_request_size_check CHECK (request_size >= 0),
    CONSTRAINT api_requests_response_size_check CHECK (response_size >= 0),
    CONSTRAINT api_requests_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX api_requests_api_key_id_idx ON public.api_requests (user_id, api_key_id, created_at DESC);

CREATE INDEX api_requests_endpoint_id_idx ON public.api_requests (user_id, endpoint_id, created_at DESC);

CREATE INDEX api_requests_user_id_created_at_idx ON public.api_requests (user_id, created_at DESC, id);

CREATE TABLE public.app_projects (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    template_id TEXT,
    config JSONB DEFAULT '{}'::jsonb NOT NULL,
    components JSONB DEFAULT '[]'::jsonb NOT NULL,
    is_published BOOLEAN DEFAULT false NOT NULL,
    published_url TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT app_projects_pkey PRIMARY KEY (id),
    CONSTRAINT app_projects_name_length_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT app_projects_description_length_check CHECK (char_length(description) <= 10000),
    CONSTRAINT app_projects_template_id_length_check CHECK (char_length(template_id) <= 200),
    CONSTRAINT app_projects_published_url_length_check CHECK (char_length(published_url) <= 2048),
    CONSTRAINT app_projects_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX app_projects_user_id_created_at_idx ON public.app_projects (user_id, created_at DESC, id);

"""


def upgrade() -> None:
    run_statements(SCRIPT)
