"""Stands between a worker and a program of a user, so that nothing of the program outlives either of them.

It is run as a file by a bare interpreter (`python -I -S`), so it may use the standard library only:

    process_guard.py WORKER_PID

Its standard input begins with eight digits and so many bytes of JSON, the order; the rest is the program's own input.
The guard is the parent of whatever the program leaves behind, its daemons included (a subreaper), and is told when the
worker dies. When the program ends, the worker dies or asks with SIGTERM, it ends all of them, deletes the folder (one
that the worker keeps only when the worker is dead) and leaves with the program's status.
"""

import ctypes
import json
import os
import resource
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TypedDict

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
WATCHED = {signal.SIGTERM, signal.SIGCHLD}
POLL_SECONDS = 0.2
COUNTING_SHARE = 200  # of the time: to look through all of /proc takes long where many processes live
KILL_SECONDS = 5.0
NOT_FOUND, NOT_RUN = 127, 126


class Order(TypedDict):
    """What to run, and within which limits; `user` is whom root hands it to, `reads` are opened before that."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    keep: bool
    reads: list[str]
    user: int
    grace: float
    cpu_seconds: int | None
    memory_bytes: int | None
    file_bytes: int | None
    open_files: int | None
    processes: int
    niceness: int


def main(arguments: list[str]) -> int:
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != int(arguments[0]):
        return NOT_RUN  # the worker died before the lines above could take effect
    order: Order = json.loads(_read(int(_read(8))))
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    guard, program = os.getpid(), os.fork()
    if program == 0:
        _become(order, guard)
    _let_go()
    try:
        return _watch(program, order)
    finally:
        _end_all()
        if not order["keep"] or os.getppid() != int(arguments[0]):
            shutil.rmtree(order["folder"], ignore_errors=True)


def _watch(program: int, order: Order) -> int:
    """Wait for the program's end. Returns its status, as a shell would say it."""
    kill_at: float | None = None
    pause = POLL_SECONDS
    while True:
        received = signal.sigtimedwait(WATCHED, pause if kill_at is None else POLL_SECONDS)
        if received is not None and received.si_signo == signal.SIGTERM and kill_at is None:
            kill_at = time.monotonic() + order["grace"]
            _signal_group(program, signal.SIGTERM)
        status = _reap(program)
        if status is not None:
            return status if status >= 0 else 128 - status
        began = time.process_time()
        crowded = len(_descendants()) > order["processes"]
        pause = max(POLL_SECONDS, COUNTING_SHARE * (time.process_time() - began))
        if crowded or (kill_at is not None and time.monotonic() >= kill_at):
            _end_all()
            return 128 + signal.SIGKILL


def _reap(program: int) -> int | None:
    """Take leave of everything that ended. Returns the program's status if it is among it."""
    found: int | None = None
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if ended == 0:
            return found
        if ended == program:
            found = os.waitstatus_to_exitcode(status)


def _yield_to_others(niceness: int) -> None:
    """Be as nice to other sessions as to one's own: Linux shares by session first, so it is told twice."""
    level = os.nice(niceness)
    with suppress(OSError):  # no such sharing here
        Path("/proc/self/autogroup").write_text(str(level))


def _become(order: Order, guard: int) -> NoReturn:
    """Turn into the program, in a session of its own and within its limits."""
    try:
        os.setsid()
        os.chdir(order["folder"])
        _yield_to_others(order["niceness"])
        executable = _open(order)
        _limit(order)
        _drop(order["folder"], order["user"])
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(NOT_RUN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and what is ignored is inherited
            signal.signal(number, signal.SIG_DFL)
        _execute(order, executable)
    except OSError as error:
        print(f"cannot run {order['arguments'][0]}: {error.filename}: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201
    except ValueError as error:
        print(f"cannot run {order['arguments'][0]}: {error}", file=sys.stderr, flush=True)  # noqa: T201
    os._exit(NOT_FOUND)


def _open(order: Order) -> int:
    """Open what the program may read, as descriptors 3 and up, and then the program itself. Returns the latter's."""
    for path in order["reads"]:
        os.set_inheritable(os.open(path, os.O_RDONLY), True)
    return os.open(order["arguments"][0], os.O_PATH)


def _execute(order: Order, executable: int) -> None:
    try:
        os.execve(order["arguments"][0], order["arguments"], order["environment"])  # noqa: S606  no shell is wanted
    except PermissionError:  # it is in a folder of root's
        os.execve(executable, order["arguments"], order["environment"])  # noqa: S606  no shell is wanted


def _limit(order: Order) -> None:
    # Data and not address space: engines such as V8 reserve far more addresses than they ever use.
    for kind, most in (
        (resource.RLIMIT_CPU, order["cpu_seconds"]),
        (resource.RLIMIT_DATA, order["memory_bytes"]),
        (resource.RLIMIT_FSIZE, order["file_bytes"]),
        (resource.RLIMIT_NOFILE, order["open_files"]),
        (resource.RLIMIT_NPROC, order["processes"] + _threads_of(order["user"] if os.geteuid() == 0 else os.geteuid())),
        (resource.RLIMIT_CORE, 0),
    ):
        if most is None:
            continue
        _, hard = resource.getrlimit(kind)
        lower = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lower, lower))


def _threads_of(user: int) -> int:
    """How many a user has already: the kernel's limit counts all of them, not those of one program."""
    count = 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == user:
                count += (entry / "task").stat().st_nlink - 2
        except OSError:
            continue
    return count


def _drop(folder: str, user: int) -> None:
    """Root hands the program to a user who owns nothing; anybody else has nothing to hand over."""
    if os.geteuid() != 0:
        return
    for path in (Path(folder), *Path(folder).rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)  # the last program may have made links there
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def _let_go() -> None:
    """Close the guard's own ends of the pipes: readers then see when the last of the others has gone."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def _end_all() -> None:
    """Kill until nothing is left: what is killed may just have made another."""
    until = time.monotonic() + KILL_SECONDS
    while (left := _descendants()) and time.monotonic() < until:
        for process in left:
            _signal(process, signal.SIGKILL)
        time.sleep(0.01)
        _reap(0)


def _descendants() -> list[int]:
    """Every living process below this one, by /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    found, ours = set[int](), {os.getpid()}
    while ours:
        ours = {process for process, parent in parents.items() if parent in ours} - found
        found |= ours
    return sorted(found)


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        _signal(leader, number)


def _signal(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


def _read(length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = os.read(0, length - len(data))
        if not part:
            sys.exit("the order is cut short")
        data += part
    return data


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, *(ctypes.c_ulong(each) for each in (value, 0, 0, 0))) != 0:
        sys.exit(f"prctl {option} failed: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
