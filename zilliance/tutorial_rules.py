"""What a tutorial and a request for one may be, for whoever takes, writes or shows them. Pure."""

import re

LONGEST_TOPIC = 500
MOST_STEPS = 100
MOST_OPEN_RUNS = 5  # of one account: each asks the model four things at a time, of the fifty that a worker does

# A page, an address, or a place of the reader's own site: what has a colon before its path is something else.
_SAFE_ADDRESS = re.compile(r"(https?://|mailto:)|[^:/?#]*([/?#]|$)", re.IGNORECASE)


def may_be_linked(address: str) -> bool:
    """Whether a link of a tutorial may lead there."""
    return _SAFE_ADDRESS.match(address) is not None
