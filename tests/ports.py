"""Ports of tests: those of one process of them are none of those that another chooses from."""

import os
import random

from zilliance.devstack import ports

FIRST, LAST = ports.LOWEST_CHOSEN, ports.HIGHEST_CHOSEN
PROCESSES = 4  # as many as `make test` starts
TRIES = 500


def keep_to_our_own() -> None:
    """Have stacks of this process choose from its share: a port is chosen long before a part listens at it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return
    share = (LAST - FIRST) // PROCESSES
    ports.LOWEST_CHOSEN = FIRST + share * (int(worker.removeprefix("gw")) % PROCESSES)
    ports.HIGHEST_CHOSEN = ports.LOWEST_CHOSEN + share - 1


def free_port() -> int:
    """For a server that cannot take just any: the system's own choice may be a connection's the moment after."""
    for _ in range(TRIES):
        port = random.randint(ports.LOWEST_CHOSEN, ports.HIGHEST_CHOSEN)  # noqa: S311  not a secret
        if ports.is_free(port):
            return port
    raise OSError("no port is free")
