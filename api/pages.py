"""Pages that were rendered lately, so that many readers of one make the work of one."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from api.computing import Computing
from zilliance.errors import TooLargeError

MOST_BYTES = 16 * 1024 * 1024
_ENTRY_BYTES = 1000  # about what one takes beside its text

Key = tuple[UUID, str]  # of what is shown, and in which form


@dataclass(frozen=True, slots=True)
class Page:
    """What was rendered of one version, or why it cannot be shown."""

    version: str
    body: bytes | TooLargeError

    def shown(self) -> bytes:
        """Raises TooLargeError, as rendering it did."""
        if isinstance(self.body, TooLargeError):
            raise TooLargeError(self.body.message, code=self.body.code)
        return self.body


class Pages:
    """Those read last, the newest version of each; what cannot be shown is kept as its error and not tried again."""

    def __init__(self, computing: Computing) -> None:
        self._computing = computing
        self._kept: OrderedDict[Key, Page] = OrderedDict()
        self._bytes = 0
        self._under_way: dict[tuple[Key, str], asyncio.Task[Page]] = {}

    def kept(self, key: Key) -> Page | None:
        """The page as it is known: whoever shows it has asked whether the version is the newest."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    async def get(self, key: Key, version: str, author: UUID, render: Callable[[], bytes]) -> Page:
        """A page that the caller may read. Rendering it counts as its author's and not as a reader's.

        Raises RateLimitedError and UnavailableError as Computing does.
        """
        kept = self.kept(key)
        if kept is not None and kept.version == version:
            return kept
        # Shielded: others wait for it too, and it ends whoever goes away.
        return await asyncio.shield(self._under_way.get((key, version)) or self._begin(key, version, author, render))

    def _begin(self, key: Key, version: str, author: UUID, render: Callable[[], bytes]) -> asyncio.Task[Page]:
        task = self._under_way[key, version] = asyncio.create_task(self._render(key, version, author, render))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, should nobody wait any more
        return task

    async def _render(self, key: Key, version: str, author: UUID, render: Callable[[], bytes]) -> Page:
        try:
            page = Page(version, await self._computing.run(author, render))
        except TooLargeError as error:
            # Without the frames, which hold the text.
            page = Page(version, TooLargeError(error.message, code=error.code))
        finally:
            del self._under_way[key, version]
        self._keep(key, page)
        return page

    def _keep(self, key: Key, page: Page) -> None:
        before = self._kept.pop(key, None)
        self._kept[key] = page
        self._bytes += _size(page) - (0 if before is None else _size(before))
        while self._bytes > MOST_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(page: Page) -> int:
    return _ENTRY_BYTES + (len(page.body) if isinstance(page.body, bytes) else 0)
