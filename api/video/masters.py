"""Master playlists that were written before: what they say of a run that is complete never changes."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from uuid import UUID

from api.video.master_playlist import master_playlist
from api.video.published import Published

MOST_KEPT = 1000  # of some kilobytes each
_BASE = "{run}"

Fetch = Callable[[tuple[str, ...] | None], Awaitable[Published]]


class Masters:
    """Keeps one process from adding up every fragment of a video for every player.

    Bandwidths are worked out from all chunks of all tracks: tens of milliseconds for hours of video.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[UUID, int, str]] = OrderedDict()

    async def read(self, video_id: UUID, fetch: Fetch) -> tuple[Published, Callable[[str], str]]:
        """What can be played, and what writes its master playlist, given what stands before the names in it.

        `fetch` is asked for no chunks where the playlist is known, and again for all where it is another one by now.
        """
        kept = self._kept.get(video_id)
        published = await fetch(None if kept is None else ())
        if kept is not None:
            if (published.run_id, published.revision) == kept[:2]:
                self._kept.move_to_end(video_id)
                return published, lambda base: kept[2].replace(_BASE, base)
            published = await fetch(None)
        return published, lambda base: self._written(published).replace(_BASE, base)

    def _written(self, published: Published) -> str:
        text = master_playlist(published, _BASE)
        if all(track.is_complete for track in published.tracks):
            self._kept[published.video_id] = (published.run_id, published.revision, text)
            self._kept.move_to_end(published.video_id)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return text


MASTERS = Masters()  # of this process; ids of runs are unique in the world
