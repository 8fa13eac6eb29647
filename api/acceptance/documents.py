"""Definitions that passed validation, so that a run of one which ran before need not carry its document again."""

from collections import OrderedDict
from uuid import UUID

from workflows.starts import INLINE_LIMIT

KEPT = 512


class KnownDocuments:
    """Texts of checked documents by definition and version; a version never changes."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[UUID, int], str | None] = OrderedDict()
        self._current: dict[UUID, int] = {}

    def checked(self, definition_id: UUID, version: int | None) -> int | None:
        """The version that was checked: of the two, the one asked for or the current one as far as is known."""
        version = version or self._current.get(definition_id)
        if version is None or (definition_id, version) not in self._texts:
            return None
        self._texts.move_to_end((definition_id, version))
        return version

    def text(self, definition_id: UUID, version: int) -> str | None:
        """The document's JSON, or None for one that is too large to travel: the workflow then loads it."""
        return self._texts.get((definition_id, version))

    def keep(self, definition_id: UUID, version: int, text: str) -> None:
        self._texts[definition_id, version] = text if len(text.encode()) <= INLINE_LIMIT else None
        self._current[definition_id] = version
        while len(self._texts) > KEPT:
            (oldest, kept), _ = self._texts.popitem(last=False)
            if self._current.get(oldest) == kept:
                del self._current[oldest]
