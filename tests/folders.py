"""Folders of tests that programs may enter which run as nobody."""

import tempfile
from pathlib import Path


def open_to_all(folder: Path) -> None:
    """Let everybody go through a folder and what is above it, up to where temporary files are."""
    root = Path(tempfile.gettempdir())
    for each in (folder, *folder.parents):
        if root not in each.parents:
            return
        each.chmod(0o755)
