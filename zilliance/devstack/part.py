"""What the supervisor must know of a part to start it, tell that it works, and stop it."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class PartName(StrEnum):
    """The parts of the platform, in the order in which they are listed to people."""

    POSTGRES = "postgres"
    TEMPORAL = "temporal"
    S3 = "s3"
    MAIL = "mail"
    AI = "ai"
    MIGRATE = "migrate"
    API = "api"
    WORKER = "worker"
    MEDIA = "media"


class NotReadyError(Exception):
    """A part does not answer yet; the message says how it was seen."""


async def nothing() -> None:
    """The step of a part that has nothing to do at that point."""


def leave() -> None:
    """The same, for a step that does not wait."""


@dataclass(frozen=True, slots=True)
class OtherUser:
    """Whom a part runs as when the supervisor is root; `reach` lets it pass folders that are closed to it."""

    uid: int
    gid: int
    reach: bool

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}:{int(self.reach)}"


@dataclass(frozen=True, slots=True)
class Part:
    """One program of the stack.

    Attributes:
        name: its name in progress lines, logs and settings of tests.
        command: the program, by its path, and its arguments.
        environment: the whole environment; nothing is inherited.
        where: where it is reached, for the progress line.
        check: asks it for real work; raises NotReadyError until it does that.
        prepare: runs before every start.
        tidy: runs after every end.
        finish: runs after the first successful check of the first start.
        needs: the parts that must be ready before it is started.
        runs_once: it does its work and ends; ready means that it ended with status 0.
        stop_signal: asks it to stop in order; it is killed `grace` seconds later.
    """

    name: PartName
    command: tuple[str, ...]
    environment: Mapping[str, str]
    where: str = ""
    check: Callable[[], Awaitable[None]] = nothing
    prepare: Callable[[], Awaitable[None]] = nothing
    tidy: Callable[[], None] = leave
    finish: Callable[[], Awaitable[None]] = nothing
    needs: frozenset[PartName] = field(default_factory=frozenset[PartName])
    runs_once: bool = False
    user: OtherUser | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 5.0
