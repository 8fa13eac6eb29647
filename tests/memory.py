"""What a process holds in memory, as its system counts it."""

import re
from pathlib import Path

_OWN = re.compile(r"^(?:RssAnon|VmSwap):\s+(\d+) kB$", re.MULTILINE)


def memory_of(pid: int | str = "self") -> int:
    """Bytes that are the process's own. Pages of files are not: the system reads them in and drops them as it likes."""
    return sum(int(kibibytes) for kibibytes in _OWN.findall(Path(f"/proc/{pid}/status").read_text())) * 1024
