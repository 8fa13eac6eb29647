"""Compressed playlists that were sent before: one of two hours takes longer to write and compress than to look up."""

from collections import OrderedDict
from collections.abc import Callable

MOST_BYTES = 32 * 1024 * 1024


class Packed:
    """Bytes by their key, up to so many; those that nobody asks for go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._left = most_bytes

    def read(self, key: tuple[str, str], make: Callable[[], bytes]) -> bytes:
        """What is kept under a key; else what `make` gives, which is kept from then on."""
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        made = make()
        self._kept[key] = made
        self._left -= len(made)
        while self._left < 0:
            _, gone = self._kept.popitem(last=False)
            self._left += len(gone)
        return made
