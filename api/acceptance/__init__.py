"""What an API process keeps between the runs that it accepts, so that accepting one is a single statement."""

from dataclasses import dataclass
from typing import Self

from api.acceptance.batches import Acceptable, Batches
from api.acceptance.documents import KnownDocuments
from api.acceptance.hooks import KnownHooks
from api.acceptance.open_runs import OpenRuns
from api.acceptance.pressure import Pressure
from api.acceptance.starts import BackgroundStarts
from zilliance.database import Database


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Made once a process."""

    batches: Batches
    starts: BackgroundStarts
    documents: KnownDocuments
    open_runs: OpenRuns
    pressure: Pressure
    hooks: KnownHooks

    @property
    def has_room(self) -> bool:
        """Whether one more start may be made in this process, behind its answer."""
        return self.starts.has_room and not self.pressure.is_high()

    @classmethod
    def of(cls, database: Database, *, most_open: int) -> Self:
        return cls(
            Batches(database),
            BackgroundStarts(database),
            KnownDocuments(),
            OpenRuns(database, most_open),
            Pressure(),
            KnownHooks(),
        )


__all__ = ["Acceptable", "Acceptance", "BackgroundStarts", "KnownDocuments", "KnownHooks", "OpenRuns", "Pressure"]
