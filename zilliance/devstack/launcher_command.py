"""The command line that runs a program through `launcher.py`."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from zilliance.devstack.part import OtherUser

LAUNCHER = Path(__file__).with_name("launcher.py")


def become(
    command: Sequence[str], user: OtherUser | None, *, death_signal: signal.Signals = signal.SIGKILL
) -> list[str]:
    """Run `command` as `user` (None: as ourselves) so that it is sent `death_signal` when this process dies."""
    whose = str(user) if user else "-"
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(death_signal)), whose, *command]
