"""Every prerequisite of the stack, with the mend for each one that is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from zilliance.devstack.configuration import SETTING_OF_PORT, needs_stand_in, wanted_ports
from zilliance.devstack.errors import StackError
from zilliance.devstack.home import Home
from zilliance.devstack.parts import postgres, s3, temporal
from zilliance.devstack.ports import LOOPBACK, is_free, taken
from zilliance.settings import Settings, SettingsError

OLDEST_PYTHON = (3, 11)
RUN_SECONDS = 20
INSTALL = "run `uv sync --all-extras`"


class Fault(Exception):  # noqa: N818  it is a finding, not an error of the program
    """A prerequisite that is not met, with the mend."""


def doctor() -> int:
    """`zilliance doctor`: one line a check; 1 when one failed."""
    faults = 0
    for name, check in _checks():
        try:
            print(f"ok     {name:<12} {check()}")
        except (Fault, StackError, SettingsError) as fault:
            faults += 1
            print(f"FAULT  {name:<12} {fault}")
    print("all is well" if not faults else f"{faults} to mend")
    return 1 if faults else 0


def _checks() -> Iterator[tuple[str, Callable[[], str]]]:
    yield "python", _python
    yield "settings", _settings
    yield "home", _home
    yield "ports", _ports
    yield "postgres", lambda: _runs(postgres.binary("postgres"), "--version")
    yield "user", _user
    yield "temporal", lambda: _runs(temporal.binary(), "--version")
    yield "s3", lambda: _runs(s3.binary(), "version")
    yield "mail", _mail
    yield "ai", _ai


def _python() -> str:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST_PYTHON:
        message = f"Python {version} is too old: install 3.11 or newer and delete .venv"
        raise Fault(message)
    return version


def _settings() -> str:
    settings = Settings.load()
    return f"{settings.environment}; the API will be at {settings.api_url}"


def _home() -> str:
    home = Home(Settings.load().home)
    fault = home.fault()
    if fault:
        raise Fault(fault)
    version_file = home.postgres / "data" / "PG_VERSION"
    version = version_file.read_text().strip() if version_file.exists() else postgres.MAJOR_VERSION
    if version != postgres.MAJOR_VERSION:
        message = f"{home.postgres} holds PostgreSQL {version} data: set ZILLIANCE_HOME to another folder"
        raise Fault(message)
    existing = next(folder for folder in (home.path, *home.path.parents) if folder.exists())
    return f"{home.path}, {shutil.disk_usage(existing).free // 1024**3} GB free"


def _ports() -> str:
    settings = Settings.load()
    if Home(settings.home).is_running():
        return "in use by the stack of this home"
    wanted = {name: port for name, port in wanted_ports(settings).items() if port}
    hosts = {"api": settings.host}
    busy = [
        taken(port, SETTING_OF_PORT[name])
        for name, port in wanted.items()
        if not is_free(port, hosts.get(name, LOOPBACK))
    ]
    if busy:
        raise Fault("; ".join(busy))
    return ", ".join(str(port) for port in wanted.values()) + " are free" if wanted else "all chosen at the start"


def _runs(program: Path, argument: str) -> str:
    if not program.exists():
        message = f"{program} is missing: {INSTALL}"
        raise Fault(message)
    try:
        done = subprocess.run([program, argument], capture_output=True, text=True, timeout=RUN_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        message = (
            f"{program} does not run on this machine ({error}): {INSTALL}, on Linux or macOS with a 64-bit processor"
        )
        raise Fault(message) from error
    return done.stdout.splitlines()[0].strip()


def _user() -> str:
    if os.geteuid() != 0:
        return f"PostgreSQL runs as user {os.getuid()}"
    return f"we are root; PostgreSQL runs as {postgres.unprivileged().pw_name}"


def _ai() -> str:
    settings = Settings.load()
    gateway = settings.ai_gateway
    if gateway is not None:
        return f"{gateway.url}, {settings.ai.default_model} unless another is asked for"
    if needs_stand_in(settings):
        return "no gateway is set (AI_API_KEY, AI_BASE_URL): the stand-in answers, and says so"
    message = "no gateway is set, so nothing answers for language models: set AI_API_KEY, and AI_BASE_URL for your own"
    raise Fault(message)


def _mail() -> str:
    if find_spec("aiosmtpd") is None:
        message = f"aiosmtpd is missing: {INSTALL}"
        raise Fault(message)
    return "aiosmtpd"
