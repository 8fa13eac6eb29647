"""The supervisor: what dies comes back, what was written stays, what cannot start says why."""

import asyncio
import os
import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.devstack.asking import query, s3_client
from zilliance.devstack import FREE_PORTS, Stack, StackError
from zilliance.devstack.home import Home


@pytest.mark.parametrize("part", ["postgres", "temporal", "s3", "mail"])
async def test_a_killed_part_comes_back_with_what_it_had(back_ends: Stack, part: str) -> None:
    await query(back_ends, "create table if not exists kept (part text)")
    await query(back_ends, f"insert into kept values ('{part}')")
    client = s3_client(back_ends)
    client.create_bucket(Bucket=f"kept-{part}")
    client.put_object(Bucket=f"kept-{part}", Key="a", Body=b"A")
    before = back_ends.process(part).pid

    await back_ends.kill(part, signal.SIGKILL)
    await back_ends.ready(part, after=before)

    assert back_ends.process(part).pid not in {before, None}
    assert await query(back_ends, f"select count(*) from kept where part = '{part}'") == 1
    assert client.get_object(Bucket=f"kept-{part}", Key="a")["Body"].read() == b"A"


async def test_a_second_stack_of_the_same_home_is_refused(back_ends: Stack) -> None:
    with pytest.raises(StackError, match="already runs in"):
        await Stack(back_ends.home.path, FREE_PORTS, parts={"mail"}).start()
    assert Home(back_ends.home.path).is_running()


async def test_two_homes_run_side_by_side_and_keep_their_data(back_ends: Stack, home: Path) -> None:
    async with Stack(home, FREE_PORTS, parts={"postgres", "mail"}) as second:
        await query(second, "create table only_here as select 7 as seven")
        assert await query(back_ends, "select to_regclass('only_here')") is None
        address = second.settings.mail.port
    assert not Home(home).is_running()
    async with Stack(home, FREE_PORTS, parts={"postgres", "mail"}) as again:
        assert await query(again, "select seven from only_here") == 7
        assert again.settings.mail.port == address


async def test_a_taken_port_names_the_port_and_the_setting(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        taken = squatter.getsockname()[1]
        stack = Stack(home, {**FREE_PORTS, "ZILLIANCE_STACK__MAIL_PORT": str(taken)}, parts={"mail"})
        with pytest.raises(StackError, match=rf"port {taken} \(ZILLIANCE_STACK__MAIL_PORT\) is already taken"):
            await stack.start()
    assert not stack.home.is_running()


async def test_data_of_another_version_is_refused(home: Path) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(StackError, match="holds data of PostgreSQL 16, and this is PostgreSQL 18"):
        await Stack(home, FREE_PORTS, parts={"postgres"}).start()


def test_a_home_that_is_a_file_is_refused(home: Path) -> None:
    home.write_text("")
    with pytest.raises(StackError, match="is not a folder"):
        Home(home).make()


async def test_a_home_with_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    async with Stack(home, FREE_PORTS, parts={"postgres"}) as stack:
        assert await query(stack, "select 1") == 1
        socket_folder = Path(stack.settings.database.host)
        assert not socket_folder.is_relative_to(home)
        assert os.stat(socket_folder).st_mode & 0o077 == 0  # noqa: PTH116  nothing to wait for
    shutil.rmtree(socket_folder)


async def test_a_part_that_cannot_start_shows_the_end_of_its_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(home / "postgres"))
    (home / "postgres" / "aiosmtpd").mkdir(parents=True)
    (home / "postgres" / "aiosmtpd" / "__init__.py").write_text("raise ImportError('broken on purpose')")
    with pytest.raises(StackError, match=r"(?s)mail ended with status 1 before it was ready.*broken on purpose"):
        await Stack(home, FREE_PORTS, parts={"mail"}).start()


SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from zilliance.devstack import FREE_PORTS, Stack
async def main():
    async with Stack(Path(sys.argv[1]), FREE_PORTS, parts={"postgres", "mail"}) as stack:
        print("pids", stack.process("postgres").pid, stack.process("mail").pid, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
async def test_a_killed_supervisor_leaves_no_process_and_the_next_start_says_so(home: Path) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISOR, str(home), stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    pids = await _pids(supervisor.stdout)
    supervisor.kill()
    await supervisor.communicate()
    left = list[psutil.Process]()
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            left.append(psutil.Process(pid))
    gone, alive = await asyncio.to_thread(psutil.wait_procs, left, 30)
    assert not alive, gone

    lines: list[str] = []
    async with Stack(home, FREE_PORTS, parts={"postgres"}, report=lines.append) as stack:
        assert await query(stack, "select 1") == 1
    assert any("was killed: cleaning up" in line for line in lines)


async def _pids(output: asyncio.StreamReader) -> list[int]:
    async with asyncio.timeout(120):
        while line := (await output.readline()).decode():
            if line.startswith("pids "):
                return [int(word) for word in line.split()[1:]]
    raise AssertionError(line)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be asked to become another user")
async def test_root_hands_postgres_to_another_user_below_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    async with Stack(closed / "home", FREE_PORTS, parts={"postgres"}) as stack:
        process = psutil.Process(stack.process("postgres").pid)
        assert process.uids().effective != 0
        assert await query(stack, "select pg_is_in_recovery()") is False
    assert closed.stat().st_mode & 0o777 == 0o700
