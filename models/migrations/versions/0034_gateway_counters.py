"""Counters of the gateway refer to nothing: a deletion that waited for them would wait in a circle with calls."""

from models.statements import run_statements

revision = "0034_gateway_counters"
down_revision = "0033_sealed_headers"

SCRIPT = r"""
ALTER TABLE private.gateway_quotas DROP CONSTRAINT gateway_quotas_key_id_fkey;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
