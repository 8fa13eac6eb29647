"""Which port each part listens on: the one that its setting names, or a free one that the home keeps."""

import json
import random
import socket
from collections.abc import Mapping

from zilliance.devstack.errors import StackError
from zilliance.devstack.home import Home, read_json, write_private

LOOPBACK = "127.0.0.1"
# Below the range that the system hands to outgoing connections, so that a restarted part finds its port free.
LOWEST_CHOSEN, HIGHEST_CHOSEN = 10_240, 32_000
TRIES = 500


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def settle(
    home: Home, wanted: Mapping[str, int], settings_of: Mapping[str, str], *, api_host: str = LOOPBACK
) -> dict[str, int]:
    """The port of every name in `wanted`, where 0 asks for a free one.

    Args:
        home: keeps the chosen ones, so that addresses stay the same over restarts.
        wanted: name of the port to number, 0 for a free one.
        settings_of: name of the port to the setting that sets it; names that nobody can set are left out.
        api_host: the host that the port `api` is for; all others are for loopback.

    Raises:
        StackError: a port that a setting names is taken.
    """
    kept = read_json(home.ports_file)
    faults = [
        taken(port, settings_of[name])
        for name, port in wanted.items()
        if port and not is_free(port, _host(name, api_host))
    ]
    if faults:
        raise StackError("\n".join(faults))
    settled = {name: port for name, port in wanted.items() if port}
    for name in wanted.keys() - settled.keys():
        mine = kept.get(name, 0)
        reusable = mine and mine not in settled.values() and is_free(mine, _host(name, api_host))
        settled[name] = mine if reusable else _choose({*settled.values(), *kept.values()})
    write_private(home.ports_file, json.dumps({**kept, **settled}, indent=2, sort_keys=True) + "\n")
    return settled


def taken(port: int, setting: str) -> str:
    """The sentence about a port that something else uses."""
    mend = f"stop what listens there, or set {setting} to another port (0 takes a free one)"
    return f"port {port} ({setting}) is already taken: {mend}"


def _host(name: str, api_host: str) -> str:
    return api_host if name == "api" else LOOPBACK


def _choose(used: set[int]) -> int:
    for _ in range(TRIES):
        port = random.randint(LOWEST_CHOSEN, HIGHEST_CHOSEN)  # noqa: S311  not a secret
        if port not in used and is_free(port):
            return port
    message = f"no free port found between {LOWEST_CHOSEN} and {HIGHEST_CHOSEN} on {LOOPBACK}: stop what uses them"
    raise StackError(message)
