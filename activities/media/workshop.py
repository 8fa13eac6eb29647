"""Where media work is done: its source at hand, a folder of its own, heartbeats beside it, and one way to fail."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from activities.media.publication import Publication, Work
from activities.media.refusals import told
from activities.media.sources import Sources
from activities.media.tools import MediaTools, Report, Source
from activities.media.watch import watched
from workflows.contracts.video_work import SourceInput


@dataclass(frozen=True, slots=True)
class Bench:
    """One piece of work on its way.

    Attributes:
        location: where the source is read, a path or a URL.
        folder: an empty one of its own, which goes with it.
        report: takes how far it is, from 0 to 1.
    """

    location: str
    folder: Path
    report: Report

    def source(self, work: Work) -> Source:
        """What the engine is given."""
        return Source(location=self.location, picture=work.report.picture, duration=work.report.duration)


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What all media activities of one process share.

    Attributes:
        folder: where work lies while it is done; on the disk of the copies, for it may be large.
    """

    folder: Path
    sources: Sources
    publication: Publication
    tools: MediaTools

    @asynccontextmanager
    async def at_work(self, source: SourceInput, *, at_once: bool = False) -> AsyncGenerator[Bench]:
        """A place to work on a source, with heartbeats. Failures come out as Temporal is to hear them."""
        with told():
            async with (
                watched(lambda: self.publication.is_open(source.run_id)) as watch,
                self._own_folder() as folder,
                self.sources.opened(source, at_once=at_once) as location,
            ):
                yield Bench(location, folder, watch.report)

    @asynccontextmanager
    async def at_work_on_results(self, run_id: UUID) -> AsyncGenerator[Bench]:
        """The same for what is made of objects of the run itself."""
        with told():
            async with watched(lambda: self.publication.is_open(run_id)) as watch, self._own_folder() as folder:
                yield Bench("", folder, watch.report)

    @asynccontextmanager
    async def _own_folder(self) -> AsyncGenerator[Path]:
        folder = await asyncio.to_thread(self._make_folder)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _make_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder))
