"""Which processes live, told by their command lines."""

import os
from contextlib import suppress
from pathlib import Path


def alive(mark: str) -> list[str]:
    """Command lines of living processes that have a text in them, but for those of tests that run beside these."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has just ended
            line = path.read_bytes().decode(errors="replace")
            found += [line] if mark in line and not _is_a_neighbours(int(path.parent.name)) else []
    return found


def _is_a_neighbours(process: int) -> bool:
    """Whether it stems from whoever started this process, and not from it. What lost its parent may be ours."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return False  # nobody runs tests beside this process
    while process not in {0, os.getpid()}:
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[1])
        if process == os.getppid():
            return True
    return False
