"""The folder in which one media worker works, and what is left in those of workers that died."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

LOCK = ".lock"


@contextmanager
def own_folder(parent: Path) -> Generator[Path]:
    """A new folder below the parent, for as long as the block runs. Those that no living process holds are deleted."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in parent.iterdir():
        _delete_left(folder)
    while (made := _make_locked(parent)) is None:
        pass
    folder, lock = made
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _make_locked(parent: Path) -> tuple[Path, BinaryIO] | None:
    """A new folder and its lock; None where somebody else came between the two and took it for a dead worker's."""
    folder = Path(tempfile.mkdtemp(dir=parent))
    path = folder / LOCK
    file = path.open("wb")
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file.fileno()).st_ino == path.stat().st_ino:
            return folder, file
    file.close()
    return None


def _delete_left(folder: Path) -> None:
    """Where its worker has died. One without a lock is just being made; one that is, is held until it has gone."""
    with suppress(OSError), (folder / LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
