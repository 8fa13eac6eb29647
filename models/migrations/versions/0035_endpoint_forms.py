"""Of two active endpoints whose paths differ by the names of parameters alone, one is enough: the other got nothing."""

from models.statements import run_statements

revision = "0035_endpoint_forms"
down_revision = "0034_gateway_counters"

SCRIPT = r"""
-- The index needs it now; models/sql/functions/gateway_endpoints.sql is what it stays.
CREATE FUNCTION private.route_form(p_path text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT regexp_replace(p_path, '\{[^/]*\}', '{}', 'g') $$;

-- Row security binds the owner of the tables, too, as whom migrations run.
ALTER TABLE public.api_endpoints NO FORCE ROW LEVEL SECURITY;

-- All requests went to the oldest: for callers nothing changes.
UPDATE public.api_endpoints e SET is_active = false
 WHERE e.is_active AND EXISTS (
        SELECT FROM public.api_endpoints o
         WHERE o.user_id = e.user_id AND o.method = e.method AND o.is_active AND o.id < e.id
           AND private.route_form(o.path) = private.route_form(e.path));

ALTER TABLE public.api_endpoints FORCE ROW LEVEL SECURITY;

CREATE UNIQUE INDEX api_endpoints_user_id_form_method_idx
    ON public.api_endpoints (user_id, private.route_form(path), method) WHERE is_active;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
