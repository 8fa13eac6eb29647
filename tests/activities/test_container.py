"""`run: container`: the engine's command line, and, where an engine and a static busybox are there, real containers."""

import asyncio
import io
import shutil
import subprocess
import tarfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from activities.protocols.calls import LocalProgramActivities
from activities.protocols.programs import Programs
from tests.activities.asking import OWNER, answer, fault
from tests.activities.calling import caller_of
from zilliance.outbound import OutboundClient
from zilliance.processes import PATH, Processes

ALLOWED = frozenset({"container"})
IMAGE = "localhost/zilliance-test:latest"
BUSYBOX = Path("/bin/busybox")

# Stands for an engine: it notes how it is called, and answers as one would that has nothing else running.
STAND_IN = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
version) echo 1.0 ;;
run) cat environment >> {log}; cat; echo "ran $$" >&2; exit {status} ;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """The folder of an engine that only writes down what it is asked."""
    return install(tmp_path, status=0)


def install(folder: Path, *, status: int) -> Path:
    log = folder / "log"
    log.write_text("")
    program = folder / "docker"
    program.write_text(STAND_IN.format(log=log, status=status))
    program.chmod(0o755)
    return folder


@pytest.fixture
async def acts(engine: Path) -> AsyncGenerator[LocalProgramActivities]:
    programs = Programs(Processes(path=f"{engine}:{PATH}"), ALLOWED)
    async with OutboundClient(allow_http=True) as client:
        yield LocalProgramActivities(caller_of(client), programs)


def run_line(engine: Path) -> str:
    return next(line for line in (engine / "log").read_text().splitlines() if line.startswith("run "))


async def test_every_field_has_its_option(acts: LocalProgramActivities, engine: Path) -> None:
    given = {
        "image": "registry.example.com/tools/it:1.2@sha256:abc",
        "name": "mine",
        "command": "convert --to 'a b'",
        "arguments": ["x y", 1],
        "ports": {"8080": 80},
        "volumes": {"work": "/data"},
        "environment": {"TOKEN": "sesame", "N": 1},
        "stdin": "in",
        "lifetime": {"cleanup": "eventually", "after": {"minutes": 5}},
        "pullPolicy": "always",
    }
    assert await answer(acts.container, given) == "in"
    line = run_line(engine)
    assert "--name mine " in line
    assert "--pull always" in line
    assert "--publish 127.0.0.1:8080:80" in line
    assert f"--volume zilliance-{OWNER}-work:/data" in line
    assert "--label zilliance.remove-after=" in line
    assert "--rm" not in line
    assert "--security-opt no-new-privileges" in line
    assert line.endswith("registry.example.com/tools/it:1.2@sha256:abc convert --to a b x y 1")
    assert "sesame" not in line
    assert "TOKEN=sesame\nN=1\n" in (engine / "log").read_text()


async def test_what_is_left_out_has_a_safe_default(acts: LocalProgramActivities, engine: Path) -> None:
    assert await answer(acts.container, {"image": "alpine", "return": "all"}) | {"stderr": ""} == {
        "code": 0, "stdout": "", "stderr": "",
    }  # fmt: skip
    line = run_line(engine)
    assert "--rm" in line
    assert "--pull missing" in line
    assert "--name zilliance-" in line
    assert line.endswith("alpine")


async def test_an_engine_that_cannot_run_it_says_why(tmp_path: Path) -> None:
    install(tmp_path, status=125)
    async with OutboundClient(allow_http=True) as client:
        acts = LocalProgramActivities(caller_of(client), Programs(Processes(path=f"{tmp_path}:{PATH}"), ALLOWED))
        problem = await fault(acts.container, {"image": "alpine", "return": "all"})
        assert problem["type"].endswith("/runtime")
        assert "the container could not be run: ran" in problem["detail"]


async def test_without_an_engine_containers_are_a_configuration_fault(tmp_path: Path) -> None:
    async with OutboundClient(allow_http=True) as client:
        acts = LocalProgramActivities(caller_of(client), Programs(Processes(path=str(tmp_path)), ALLOWED))
        problem = await fault(acts.container, {"image": "alpine"})
        assert problem["type"].endswith("/configuration")
        assert "neither docker nor podman answers" in problem["detail"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": "--privileged"}, "not a valid image"),
        ({"name": "--pid=host"}, "not a valid name"),
        ({"volumes": {"/etc": "/data"}}, "not a valid volume"),
        ({"volumes": {"work": "/data:z,rw"}}, "not an absolute path"),
        ({"ports": {"0": 80}}, "not a port"),
        ({"ports": {"80": "80 --privileged"}}, "not a port"),
        ({"pullPolicy": "often"}, "pullPolicy must be one of"),
        ({"lifetime": {"cleanup": "eventually"}}, "lifetime.after"),
        ({"command": "echo 'half"}, "quote without its end"),
        ({"environment": {"KEY": "a\nb"}}, "line break"),
    ],
)
async def test_what_would_break_out_of_the_command_line_is_refused(
    acts: LocalProgramActivities, engine: Path, change: dict[str, Any], words: str
) -> None:
    problem = await fault(acts.container, {"image": "alpine"} | change)
    assert problem["type"].endswith("/validation")
    assert words in problem["detail"]
    assert "run " not in (engine / "log").read_text()


@pytest.fixture(scope="session")
def real_engine() -> Iterator[str]:
    """An engine that works, with an image of one static program."""
    for path in filter(None, map(shutil.which, ("docker", "podman"))):
        answers = subprocess.run([path, "version"], capture_output=True, check=False).returncode == 0
        if answers and BUSYBOX.exists():
            subprocess.run([path, "import", "-", IMAGE], input=_image(), capture_output=True, check=True)
            yield path
            subprocess.run([path, "rmi", "-f", IMAGE], capture_output=True, check=False)
            return
    pytest.skip("no container engine answers here, or there is no static busybox for an image")


def _image() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        for name in ("sh", "echo", "cat", "sleep", "env", "ls"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return data.getvalue()


@pytest.fixture
async def real(real_engine: str) -> AsyncGenerator[LocalProgramActivities]:  # noqa: ARG001
    async with OutboundClient(allow_http=True) as client:
        yield LocalProgramActivities(caller_of(client), Programs(Processes(), ALLOWED))


def ours(engine: str, *options: str) -> list[str]:
    asked = [engine, "ps", "-q", "--filter", "label=zilliance.run", *options]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


async def test_a_container_runs(real: LocalProgramActivities, real_engine: str) -> None:
    code = 'echo "$NAME $1"; cat; exit 3'
    given = {"image": IMAGE, "command": "sh -c", "arguments": [code, "sh", "x"], "environment": {"NAME": "Ada"}}
    ended = await answer(real.container, {**given, "stdin": "in", "pullPolicy": "never", "return": "all"}, timeout=60)
    assert (ended["code"], ended["stdout"]) == (3, "Ada x\nin")
    assert ours(real_engine, "-a") == []


async def test_a_container_ends_with_its_time(real: LocalProgramActivities, real_engine: str) -> None:
    problem = await fault(real.container, {"image": IMAGE, "command": "sleep 600", "pullPolicy": "never"}, timeout=8)
    assert problem["type"].endswith("/timeout")
    assert ours(real_engine, "-a") == []


async def test_a_container_that_is_to_go_later_goes_later(real: LocalProgramActivities, real_engine: str) -> None:
    given: dict[str, Any] = {"image": IMAGE, "command": "echo", "pullPolicy": "never"}
    lifetime = {"cleanup": "eventually", "after": {"milliseconds": 1}}
    await answer(real.container, {**given, "lifetime": lifetime}, timeout=60)
    assert len(ours(real_engine, "-a")) == 1
    await asyncio.sleep(1.5)
    await answer(real.container, given, timeout=60)
    assert ours(real_engine, "-a") == []
