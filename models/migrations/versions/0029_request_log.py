"""The gateway's log is partitioned by day, holds requests of nobody, and outlives what it refers to."""

from models.statements import run_statements

revision = "0029_request_log"
down_revision = "0028_video_tasks"

SCRIPT = r"""
ALTER TABLE public.api_requests NO FORCE ROW LEVEL SECURITY;

ALTER TABLE public.api_requests SET SCHEMA partitions;

CREATE TABLE public.api_requests (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid(),
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
    CONSTRAINT api_requests_pkey PRIMARY KEY (id, created_at),
    CONSTRAINT api_requests_endpoint_id_fkey FOREIGN KEY (endpoint_id, user_id)
        REFERENCES public.api_endpoints (id, user_id) NOT ENFORCED,
    CONSTRAINT api_requests_api_key_id_fkey FOREIGN KEY (api_key_id, user_id)
        REFERENCES public.api_keys (id, user_id) NOT ENFORCED,
    CONSTRAINT api_requests_method_length_check CHECK (char_length(method) <= 20),
    CONSTRAINT api_requests_path_length_check CHECK (char_length(path) <= 2048),
    CONSTRAINT api_requests_user_agent_length_check CHECK (char_length(user_agent) <= 2048),
    CONSTRAINT api_requests_status_code_check CHECK (status_code BETWEEN 100 AND 599),
    CONSTRAINT api_requests_response_time_ms_check CHECK (response_time_ms >= 0),
    CONSTRAINT api_requests_request_size_check CHECK (request_size >= 0),
    CONSTRAINT api_requests_response_size_check CHECK (response_size >= 0),
    CONSTRAINT api_requests_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) NOT ENFORCED
) PARTITION BY RANGE (created_at);

CREATE INDEX api_requests_api_key_id_idx ON public.api_requests (user_id, api_key_id, created_at DESC);

CREATE INDEX api_requests_endpoint_id_idx ON public.api_requests (user_id, endpoint_id, created_at DESC);

CREATE INDEX api_requests_user_id_created_at_idx ON public.api_requests (user_id, created_at DESC, id);

DO $$
DECLARE
    v_day date;
BEGIN
    FOR v_day IN SELECT DISTINCT (r.created_at AT TIME ZONE 'UTC')::date FROM partitions.api_requests r LOOP
        EXECUTE format(
            'CREATE TABLE partitions.%I PARTITION OF public.api_requests FOR VALUES FROM (%L) TO (%L)',
            'api_requests_' || to_char(v_day, 'YYYYMMDD'), v_day || ' 00:00Z', v_day + 1 || ' 00:00Z');
        EXECUTE format(
            'ALTER TABLE partitions.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
            'api_requests_' || to_char(v_day, 'YYYYMMDD'));
    END LOOP;
END
$$;

INSERT INTO public.api_requests (
    id, user_id, endpoint_id, api_key_id, method, path, status_code, response_time_ms, request_size, response_size,
    ip_address, user_agent, created_at, updated_at)
SELECT id, user_id, endpoint_id, api_key_id, method, path, status_code, response_time_ms, request_size, response_size,
       ip_address, user_agent, created_at, updated_at
  FROM partitions.api_requests;

DROP TABLE partitions.api_requests;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
