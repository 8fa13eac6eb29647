"""Temporal's development server from the wheel, with its web UI, tuned and closed as far as it lets itself be."""

import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from zilliance.devstack.home import Home
from zilliance.devstack.part import Part, PartName
from zilliance.devstack.ports import LOOPBACK
from zilliance.devstack.probes import http_status, run_tool

RETENTION = "720h"  # how long ended runs can be looked at; the server's own default is one day
SEARCH_ATTRIBUTES = ("ZillianceOwner", "ZillianceKind", "ZillianceDefinition")

# Limits and partitions that are made for large clusters: without them a run takes half the time.
TUNING = {
    "history.transferProcessorMaxPollRPS": "100000",
    "history.timerProcessorMaxPollRPS": "100000",
    "history.visibilityProcessorMaxPollRPS": "100000",
    "history.outboundProcessorMaxPollRPS": "100000",
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    # As shipped, every timer of up to a second takes a whole one: room for clocks of several servers that differ.
    "history.timerProcessorMaxTimeShift": '"10ms"',
    # What waited for an outage, of the S3 store say, goes on soon after it: as shipped, up to ten minutes later.
    "history.workflowTaskRetryMaxInterval": '"10s"',
    # Tasks that wait take turns by their fairness key, which is the owner of an execution.
    "matching.useNewMatcher": "true",
    "matching.enableFairness": "true",
}


@dataclass(frozen=True, slots=True)
class Temporal:
    """The server of one home.

    The server opens an HTTP API without any login, and no flag stops it: a web page or a misled server-side request
    could start workflows through it. It does let itself be told which `Host` it answers, so it is told a secret one (an
    empty list would still let a request without a host in). What is left on that port is Nexus, which
    reaches only workers that serve Nexus, and ours do not.
    """

    home: Home
    ports: dict[str, int]
    http_host: str

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.ports['temporal']}"

    def part(self) -> Part:
        options = {
            "--ip": LOOPBACK,
            "--port": str(self.ports["temporal"]),
            "--ui-ip": LOOPBACK,
            "--ui-port": str(self.ports["temporal_ui"]),
            "--http-port": str(self.ports["temporal_http"]),
            "--metrics-port": str(self.ports["temporal_metrics"]),
            "--db-filename": str(self.home.temporal / "temporal.db"),
            "--log-level": "warn",
        }
        dynamic = {**TUNING, "frontend.httpAllowedHosts": f'["{self.http_host}"]'}
        return Part(
            name=PartName.TEMPORAL,
            command=(
                str(binary()), "server", "start-dev", "--ui-disable-news-fetch",
                *(word for pair in options.items() for word in pair),
                *(f"--dynamic-config-value={name}={value}" for name, value in dynamic.items()),
                *(f"--search-attribute={name}=Keyword" for name in SEARCH_ATTRIBUTES),
                "--sqlite-pragma=journal_mode=wal", "--sqlite-pragma=synchronous=normal",
            ),
            environment=self._environment(),
            where=f"{self.address}   UI http://{LOOPBACK}:{self.ports['temporal_ui']}",
            check=self._check,
            finish=self._keep_runs,
        )  # fmt: skip

    async def _check(self) -> None:
        await http_status(self.ports["temporal_ui"], "/")  # cheap, and the last thing that the server opens
        await self._operator("cluster", "health")

    async def _keep_runs(self) -> None:
        """Set the retention, once a home: the server keeps it."""
        mark = self.home.temporal / f"retention-{RETENTION}"
        if not mark.exists():
            await self._operator("namespace", "update", "--namespace", "default", "--retention", RETENTION)
            mark.touch()

    async def _operator(self, *words: str) -> None:
        await run_tool([str(binary()), "operator", *words, "--address", self.address], self._environment())

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self.home.temporal),
        }  # so that no profile of the person at the terminal applies


def binary() -> Path:
    """The program of the Temporal wheel."""
    return Path(sysconfig.get_path("scripts")) / "temporal"
