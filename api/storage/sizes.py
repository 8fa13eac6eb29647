"""Sizes as people write them. Pure."""

import re

from api.storage.failures import invalid_request

_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?)\s*(?:([KMGT])(I?))?B?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def read_size(given: int | str) -> int:
    """A number of bytes from `1048576`, `10MB` (of 1000) or `10MiB` (of 1024). Raises InvalidRequest."""
    found = _SIZE.fullmatch(str(given).strip())
    if found is None:
        raise invalid_request("file_size_limit must be a number of bytes, or a text such as 10MB")
    number, unit, binary = found.groups(default="")
    return int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()])
