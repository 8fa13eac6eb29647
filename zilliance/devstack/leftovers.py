"""Processes that outlived a killed supervisor: found by id and start time, and ended before the next start."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import psutil

from zilliance.devstack.home import Home

GRACE_SECONDS = 3.0
CLOCK_SLACK = 1.0


def identify(pid: int) -> list[float] | None:
    """A process's id with its start time, which together name it even after the id was given to another."""
    with contextlib.suppress(psutil.Error):
        return [pid, psutil.Process(pid).create_time()]
    return None


async def end_leftovers(home: Home, report: Callable[[str], None]) -> None:
    """End what a killed supervisor of this home left running, and say so. The caller holds the home's lock."""
    state = home.read_state()
    if not state:
        return
    report(f"the last supervisor (pid {state.get('pid')}) was killed: cleaning up after it")
    left = {name: process for name, known in state.get("children", {}).items() if (process := _find(known))}
    for name, process in left.items():
        report(f"{name:<9} still runs with pid {process.pid}: stopping it")
        with contextlib.suppress(psutil.Error):
            process.terminate()
    await asyncio.to_thread(psutil.wait_procs, list(left.values()), timeout=GRACE_SECONDS)
    for process in left.values():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await asyncio.to_thread(psutil.wait_procs, list(left.values()), timeout=GRACE_SECONDS)
    home.state_file.unlink()


def _find(known: list[float] | None) -> psutil.Process | None:
    with contextlib.suppress(psutil.Error, TypeError, ValueError):
        pid, started = known or (0, 0)
        process = psutil.Process(int(pid))
        return process if abs(process.create_time() - started) < CLOCK_SLACK else None
    return None
