"""`run: script` and `run: shell` as real processes: what they are given, what they return, and what is a fault."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from activities.protocols.calls import LocalProgramActivities
from activities.protocols.programs import MOST_IN_BACKGROUND, Programs
from tests.activities.asking import KEY, answer, fault
from tests.activities.calling import caller_of
from tests.folders import open_to_all
from tests.unit.http_stand_in import StandIn, message
from zilliance.outbound import OutboundClient
from zilliance.processes import Processes

HOST = "http://code.example.com"
EVERYTHING = frozenset({"script", "shell"})


@pytest.fixture
async def host() -> AsyncGenerator[StandIn]:
    async with StandIn.listening() as stand_in:
        yield stand_in


@pytest.fixture
async def programs() -> AsyncGenerator[Programs]:
    programs = Programs(Processes(), EVERYTHING)
    yield programs
    await programs.close()


@pytest.fixture
async def acts(host: StandIn, programs: Programs) -> AsyncGenerator[LocalProgramActivities]:
    async with OutboundClient(allow_http=True, egress_map={HOST: host.url}) as client:
        yield LocalProgramActivities(caller_of(client), programs)


def script(language: str, code: str, **more: Any) -> dict[str, Any]:
    return {"language": language, "code": code, "await": True, "return": "stdout", **more}


def shell(command: str, **more: Any) -> dict[str, Any]:
    return {"command": command, "await": True, "return": "stdout", **more}


async def test_a_python_script_reads_its_arguments_input_and_environment(acts: LocalProgramActivities) -> None:
    key = "os.environ['ZILLIANCE_IDEMPOTENCY_KEY']"
    code = f"import os, sys; print(sys.argv[1:], sys.stdin.read(), os.environ['NAME'], {key})"
    given = script("python", code, arguments=["a b", 1, True], stdin={"n": 1}, environment={"NAME": "Ada"})
    assert await answer(acts.script, given) == f"['a b', '1', 'true'] {{\"n\": 1}} Ada {KEY}\n"


@pytest.mark.parametrize("language", ["js", "javascript"])
async def test_a_javascript_runs_in_node(acts: LocalProgramActivities, language: str) -> None:
    code = "console.log(process.argv.slice(2).join('+'), process.env.NAME)"
    given = script(language, code, arguments=["1", "2"], environment={"NAME": "Ada"})
    assert await answer(acts.script, given) == "1+2 Ada\n"


async def test_a_script_sees_nothing_of_the_platform(acts: LocalProgramActivities) -> None:
    code = "import os\ntry:\n    import zilliance\nexcept ImportError:\n    print(sorted(os.environ))"
    names = await answer(acts.script, script("python", code))
    assert names == "['HOME', 'LANG', 'PATH', 'TMPDIR', 'ZILLIANCE_IDEMPOTENCY_KEY']\n"


async def test_a_script_can_come_from_an_address(acts: LocalProgramActivities, host: StandIn) -> None:
    host.answers["/a.py"] = message(b"print('from afar')", "200 OK", "Content-Type: text/plain")
    given = {"language": "python", "source": {"endpoint": {"uri": f"{HOST}/a.py"}}}
    assert await answer(acts.script, given) == "from afar\n"
    inline = {"endpoint": {"uri": "data:text/plain;base64,cHJpbnQoMSk="}}
    assert await answer(acts.script, {"language": "python", "source": inline}) == "1\n"
    host.answers["/gone.py"] = message(b"", "404 Not Found")
    gone = {"language": "python", "source": {"endpoint": {"uri": f"{HOST}/gone.py"}}}
    assert (await fault(acts.script, gone))["status"] == 404


async def test_a_command_sees_its_arguments_as_the_shell_numbers_them(acts: LocalProgramActivities) -> None:
    assert (
        await answer(acts.shell, shell('echo "$2 $1"; cat', arguments=["a;b", "$HOME"], stdin="in")) == "$HOME a;b\nin"
    )


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("stdout", "out\n"),
        ("stderr", "err\n"),
        ("code", 0),
        ("all", {"code": 0, "stdout": "out\n", "stderr": "err\n"}),
        ("none", None),
    ],
)
async def test_return_chooses_the_output(acts: LocalProgramActivities, returned: str, expected: object) -> None:
    given = shell("echo out; echo err >&2", **{"return": returned})
    assert await answer(acts.shell, given) == expected


async def test_a_status_is_a_fault_unless_it_is_asked_for(acts: LocalProgramActivities) -> None:
    failing = "echo half; echo why >&2; exit 3"
    for returned in ("stdout", "stderr", "none"):
        problem = await fault(acts.shell, shell(failing, **{"return": returned}))
        assert problem["type"].endswith("/runtime")
        assert problem["status"] == 500
        assert problem["detail"] == "sh ended with status 3: why"
    assert await answer(acts.shell, shell(failing, **{"return": "code"})) == 3
    whole = await answer(acts.shell, shell(failing, **{"return": "all"}))
    assert whole == {"code": 3, "stdout": "half\n", "stderr": "why\n"}


async def test_a_program_ends_with_its_time(acts: LocalProgramActivities) -> None:
    problem = await fault(acts.shell, shell("sleep 86411"), timeout=0.7)
    assert problem["type"].endswith("/timeout")
    assert problem["status"] == 408


async def test_output_that_would_not_fit_is_a_fault(acts: LocalProgramActivities) -> None:
    assert (await fault(acts.shell, shell("head -c 2000000 /dev/zero")))["status"] == 413
    assert await answer(acts.shell, shell("head -c 2000000 /dev/zero >&2; echo ok")) == "ok\n"


async def test_a_kind_that_the_operator_did_not_allow_is_a_configuration_fault(acts: LocalProgramActivities) -> None:
    problem = await fault(acts.container, {"image": "alpine"})
    assert problem["type"].endswith("/configuration")
    assert "container is not enabled on this server" in problem["detail"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"command": ["ls"]}, "command must be text"),
        ({"command": "ls", "arguments": {"a": 1}}, "arguments must be a list"),
        ({"command": "ls", "arguments": ["a\0b"]}, "NUL"),
        ({"command": "ls", "arguments": ["x" * 200_000]}, "larger than"),
        ({"command": "ls", "environment": {"A=B": "1"}}, "cannot name a variable"),
        ({"command": "ls", "environment": "A=1"}, "environment must be an object"),
        ({"command": "ls", "stdin": "x" * 600_000}, "stdin is larger"),
    ],
)
async def test_what_a_program_cannot_be_given_is_a_fault(
    acts: LocalProgramActivities, arguments: dict[str, Any], words: str
) -> None:
    problem = await fault(acts.shell, arguments)
    assert problem["type"].endswith("/validation")
    assert words in problem["detail"]


async def test_a_language_that_expressions_made_up_is_a_configuration_fault(acts: LocalProgramActivities) -> None:
    assert (await fault(acts.script, script("ruby", "puts 1")))["type"].endswith("/configuration")


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file that even nobody may write, to whom root hands programs."""
    note = tmp_path / "note"
    note.touch()
    note.chmod(0o666)
    open_to_all(tmp_path)
    return note


async def test_a_program_that_is_not_waited_for_goes_on_behind_its_task(
    acts: LocalProgramActivities, note: Path
) -> None:
    assert await answer(acts.shell, shell(f"echo done > {note}", **{"await": False})) is None
    while note.stat().st_size == 0:  # noqa: ASYNC110, ASYNC240  a file sends no event
        await asyncio.sleep(0.05)


async def test_only_so_many_programs_go_on_in_the_background(acts: LocalProgramActivities, programs: Programs) -> None:
    sleeping = shell("sleep 86421", **{"await": False})
    for _ in range(MOST_IN_BACKGROUND):
        await answer(acts.shell, sleeping)
    assert (await fault(acts.shell, sleeping))["status"] == 429
    await programs.close()
    assert await answer(acts.shell, shell("ps ax -o args | grep -c '[s]leep 86421' || true")) == "0\n"
