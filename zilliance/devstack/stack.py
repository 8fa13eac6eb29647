"""The supervisor: starts the parts of one home in the order of their needs, keeps them up, stops them in reverse."""

import asyncio
import os
import signal
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from zilliance.devstack.child import Child
from zilliance.devstack.configuration import ADMIN_PASSWORD, SETTING_OF_PORT, facts, read_settings, wanted_ports
from zilliance.devstack.errors import StackError
from zilliance.devstack.home import Home
from zilliance.devstack.keys import load_keys
from zilliance.devstack.leftovers import end_leftovers, identify
from zilliance.devstack.part import Part, PartName
from zilliance.devstack.parts import python
from zilliance.devstack.parts.postgres import Postgres
from zilliance.devstack.parts.s3 import ObjectStore
from zilliance.devstack.parts.temporal import Temporal
from zilliance.devstack.ports import settle
from zilliance.tokens import TokenAuthority

ALL_PARTS = frozenset(PartName)
TRIM_SECONDS = 30.0
READY_SECONDS = 180.0


class Stack:
    """The platform of one home, or some parts of it.

    Args:
        home: the folder of its data; ZILLIANCE_HOME when left out.
        overrides: settings by their variables' names, above the environment and `.env`.
        parts: which parts to run; needs that are not among them are taken as met.
        report: takes each progress line.

    Raises:
        StackError: from `start`, when a part does not come up, a port is taken, or the home cannot be used.
    """

    def __init__(
        self,
        home: Path | None = None,
        overrides: Mapping[str, str] | None = None,
        *,
        parts: Collection[str] = ALL_PARTS,
        report: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._overrides = dict(overrides or {})
        base = read_settings(self._overrides)
        self.home = Home(home or base.home)
        self.settings = base
        self._selected = frozenset(PartName(name) for name in parts)
        self._report = report
        self._children: dict[PartName, Child] = {}
        self._trimming: asyncio.Task[None] | None = None
        self._status: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start every selected part and wait until each works; on failure nothing is left running."""
        self.home.make()
        if not self.home.lock():
            message = (
                f"a stack already runs in {self.home.path}: stop it first, or set ZILLIANCE_HOME to another folder"
            )
            raise StackError(message)
        try:
            await end_leftovers(self.home, self._report)
            self._children = {part.name: self._child(part) for part in self._configure() if part.name in self._selected}
            self._write_state(serving=False)
            self._trimming = asyncio.create_task(self._trim_logs())
            async with asyncio.TaskGroup() as group:
                for child in self._children.values():
                    group.create_task(self._start_when_needs_are_met(child))
        except BaseExceptionGroup as failures:
            await self.stop()
            raise _first(failures) from failures
        except BaseException:
            await self.stop()
            raise
        self._write_state(serving=True)

    async def stop(self) -> None:
        """Stop what has needs first, then what it needs."""
        dependants = [child for child in self._children.values() if child.part.needs]
        bases = [child for child in self._children.values() if not child.part.needs]
        for group in (dependants, bases):
            await asyncio.gather(*(child.stop() for child in group))
        if self._trimming is not None:
            self._trimming.cancel()
        self._children = {}
        self.home.state_file.unlink(missing_ok=True)
        self.home.unlock()

    def kill_all(self) -> None:
        """End every process at once; `stop` then has nothing to wait for."""
        for child in self._children.values():
            child.kill_group()

    def process(self, part: str) -> Child:
        """The process of a part, with its `pid`, `starts` and `ready`."""
        return self._children[PartName(part)]

    async def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Do to a part what a fault does; it is brought back. After SIGKILL, returns when the death was noticed."""
        await self.process(part).send(number)

    async def ready(self, part: str, *, after: int | None = None, seconds: float = READY_SECONDS) -> None:
        """Wait until a part works, with another process than the one with the id `after`. Raises TimeoutError."""
        child = self.process(part)
        async with asyncio.timeout(seconds):
            while child.pid == after or not child.ready.is_set():  # noqa: ASYNC110  two conditions, neither with an event of its own
                await asyncio.sleep(0.02)

    def describe(self) -> dict[str, Any]:
        """What runs where, with the keys that open it."""
        tokens = TokenAuthority(self.settings)
        return {
            "api_url": self.settings.api_url,
            "anon_key": tokens.anon_key,
            "service_role_key": tokens.service_role_key,
            "jwks_url": f"{self.settings.api_url}/auth/v1/.well-known/jwks.json",
            "db_url": self.settings.database.admin_dsn(),
            "temporal_address": self.settings.temporal.address,
            "temporal_ui_url": self.settings.temporal.ui_url,
            "s3_endpoint": self.settings.storage.endpoint,
            "mail_url": f"http://127.0.0.1:{self.settings.stack.mail_ui_port}",
            "ai_url": self.settings.ai_gateway.url if self.settings.ai_gateway else None,
            "home": str(self.home.path),
        }

    def _configure(self) -> list[Part]:
        """Settle ports, secrets and settings, and say how each part is run."""
        keys = load_keys(self.home)
        base = self.settings
        wanted = wanted_ports(base)
        if PartName.AI not in self._selected:
            wanted.pop("ai", None)  # nobody answers there
        # Of parts that run elsewhere, or not at all, nothing is known but what the settings say.
        mine = {name: port for name, port in wanted.items() if PartName(name.partition("_")[0]) in self._selected}
        ports = {**wanted, **settle(self.home, mine, SETTING_OF_PORT, api_host=base.host)}
        known = {**self._overrides, **facts(base, self.home, ports, keys)}
        self.settings = read_settings(known)
        self._status = self.describe()
        migration = {**os.environ, **known, "PYTHONUNBUFFERED": "1"}
        # The superuser's password is for the migration alone, as in a cluster.
        environment = {name: value for name, value in migration.items() if name != ADMIN_PASSWORD}
        return [
            Postgres(self.home, self.settings.database, keys.database_admin_password).part(),
            Temporal(self.home, ports, keys.temporal_http_host).part(),
            ObjectStore(self.home, ports, keys).part(),
            python.mail(ports, str(self.home.mail), environment),
            *([python.ai(ports["ai"], environment)] if "ai" in ports else []),
            python.migrate(migration),
            python.api(self.settings, environment),
            python.worker(self.settings, environment),
            python.media(ports, environment),
        ]

    def _child(self, part: Part) -> Child:
        return Child(part, self.home.logs / f"{part.name}.log", report=self._report, on_start=self._write_state)

    async def _start_when_needs_are_met(self, child: Child) -> None:
        for need in child.part.needs & self._children.keys():
            await self._children[need].started.wait()
        await child.start()

    def _write_state(self, *, serving: bool | None = None) -> None:
        """Keep on file what runs, so that the next start can end what a killed supervisor left behind."""
        before = self.home.read_state()
        pids = {name: child.pid for name, child in self._children.items()}
        self.home.write_state(
            {
                "pid": os.getpid(),
                "serving": before.get("serving", False) if serving is None else serving,
                "status": self._status,
                "children": {name: identify(pid) for name, pid in pids.items() if pid is not None},
            }
        )

    async def _trim_logs(self) -> None:
        while True:
            await asyncio.sleep(TRIM_SECONDS)
            for child in self._children.values():
                child.trim_log()


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that made the others be cancelled."""
    error = failures.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error  # pyright: ignore[reportUnknownArgumentType]
