"""What is wrong with an endpoint's path is said by one constraint, in words."""

from models.statements import run_statements

revision = "0031_gateway_paths"
down_revision = "0030_gateway_admission"

SCRIPT = r"""
ALTER TABLE public.api_endpoints DROP CONSTRAINT api_endpoints_path_check;
"""


def upgrade() -> None:
    run_statements(SCRIPT)
