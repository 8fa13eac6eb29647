"""Parameters of endpoints: `/orders/{id}` has one, which its target may name. What a path may be, PostgreSQL says."""

import re

WILDCARD = "*"
PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
