"""Programs that this process, or those that it started, still run."""

import psutil


def encoders(root: int | None = None) -> list[psutil.Process]:
    """Every living ffmpeg below a process, which is this one where none is named."""
    found: list[psutil.Process] = []
    for process in psutil.Process(root).children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE and "ffmpeg" in process.name():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
