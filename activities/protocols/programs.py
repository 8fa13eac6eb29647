"""Programs that `run` tasks start: what each is given, and what its end comes to."""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import replace

from activities.faults import DETAIL_LENGTH, fault
from activities.protocols.values import list_of, text_of, texts_of, written
from workflows.language.problems import Kind
from workflows.language.programs import SETTING
from zilliance.processes import (
    Ended,
    Processes,
    ProcessFailedError,
    ProcessLimits,
    ProcessMissingError,
    ProcessOutputError,
    ProcessTimeoutError,
    Program,
)

MOST_ARGUMENT_BYTES = 96 * 1024  # the kernel takes 128 KiB in one argument
MOST_STDIN_BYTES = 512 * 1024
BACKGROUND_SECONDS = 600.0
MOST_IN_BACKGROUND = 16
KEY_VARIABLE = "ZILLIANCE_IDEMPOTENCY_KEY"

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STREAMS: Mapping[str, frozenset[str]] = {
    "stdout": frozenset({"stdout"}),
    "stderr": frozenset({"stderr"}),
    "all": frozenset({"stdout", "stderr"}),
}

_log = logging.getLogger(__name__)


class Programs:
    """Starts programs, waited for or in the background, if the operator allows their kind."""

    def __init__(self, processes: Processes, allowed: frozenset[str]) -> None:
        self.processes = processes
        self._allowed = allowed
        self._background: set[asyncio.Task[None]] = set()

    def require(self, kind: str) -> None:
        """Raise a fault unless the operator allows programs of this kind."""
        if kind not in self._allowed:
            raise fault(Kind.CONFIGURATION, f"{kind} is not enabled on this server: {SETTING} does not list it")

    async def run(self, program: Program, arguments: Mapping[str, object], limits: ProcessLimits) -> object:
        """What `return` says of its end; null at once when nobody waits for it. Raises faults."""
        if arguments.get("await") is False:
            self._start(program, replace(limits, seconds=BACKGROUND_SECONDS))
            return None
        try:
            ended = await self.processes.run(program, limits)
        except ProcessFailedError as error:
            raise of_process(error) from error
        return output_of(ended, str(arguments.get("return", "stdout")), program.arguments[0])

    async def close(self) -> None:
        """End what is left in the background."""
        for task in tuple(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    def _start(self, program: Program, limits: ProcessLimits) -> None:
        self.find(program.arguments[0])
        if len(self._background) >= MOST_IN_BACKGROUND:
            detail = f"{MOST_IN_BACKGROUND} programs run in the background already, the most that this worker has"
            raise fault(Kind.RUNTIME, detail, status=429)
        task = asyncio.create_task(self._supervise(program, limits))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def find(self, *names: str) -> str:
        """The first of these programs that is installed, or a fault."""
        try:
            return self.processes.find(*names)
        except ProcessMissingError as error:
            raise of_process(error) from error

    async def _supervise(self, program: Program, limits: ProcessLimits) -> None:
        try:
            ended = await self.processes.run(program, limits)
        except ProcessFailedError as error:
            _log.warning("a program in the background failed", extra={"reason": error.message})
        else:
            _log.info("a program in the background ended", extra={"code": ended.code})


def limits_of(timeout: float) -> ProcessLimits:
    """The limits of a program that is waited for: it ends before its activity's time is up."""
    return ProcessLimits(seconds=timeout)


def given(arguments: Mapping[str, object]) -> list[str]:
    """The task's `arguments` as a command line has them."""
    return [_argument(written(value)) for value in list_of(arguments.get("arguments"), "arguments")]


def environment_of(arguments: Mapping[str, object], key: str) -> dict[str, str]:
    """The task's `environment`, and the key under which a repeat of the program can know itself."""
    environment = texts_of(arguments.get("environment"), "environment")
    for name, value in environment.items():
        if _VARIABLE.fullmatch(name) is None:
            raise fault(Kind.VALIDATION, f"{name!r:.80} cannot name a variable: use letters, digits and _")
        _argument(value)
    return {**environment, KEY_VARIABLE: key.replace("\0", "")}


def stdin_of(arguments: Mapping[str, object]) -> bytes:
    value = arguments.get("stdin")
    data = b"" if value is None else written(value).encode("utf-8", "replace")
    if len(data) > MOST_STDIN_BYTES:
        raise fault(Kind.VALIDATION, f"stdin is larger than {MOST_STDIN_BYTES // 1024} KiB", status=413)
    return data


def wanted(arguments: Mapping[str, object]) -> frozenset[str]:
    """The streams that the task returns."""
    return _STREAMS.get(str(arguments.get("return", "stdout")), frozenset())


def shell_of(arguments: Mapping[str, object], key: str) -> Program:
    """`sh -c command sh argument...`: the command sees the arguments as `$1` and so on."""
    command = _argument(text_of(arguments.get("command"), "command"))
    return Program(
        arguments=["sh", "-c", command, "sh", *given(arguments)],
        environment=environment_of(arguments, key),
        stdin=stdin_of(arguments),
        wanted=wanted(arguments),
    )


def script_of(arguments: Mapping[str, object], key: str, code: str) -> Program:
    """A script as a file of its own, run by its language's interpreter with that language's library alone."""
    language = arguments.get("language")
    if language not in ("js", "javascript", "python"):
        raise fault(Kind.CONFIGURATION, f"scripts are js, javascript or python, not {language!r:.80}")
    name, interpreter = ("script.py", ["python3", "-I", "-S"]) if language == "python" else ("script.js", ["node"])
    return Program(
        arguments=[*interpreter, name, *given(arguments)],
        environment=environment_of(arguments, key),
        stdin=stdin_of(arguments),
        files={name: code.encode("utf-8", "replace")},
        wanted=wanted(arguments),
    )


def output_of(ended: Ended, returned: str, name: str) -> object:
    """What `return` says. Raises a fault for a status other than 0 that the task does not ask for."""
    stdout, stderr = ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace")
    if returned == "all":
        return {"code": ended.code, "stdout": stdout, "stderr": stderr}
    if returned == "code":
        return ended.code
    if ended.code != 0:
        said = (stderr or stdout).strip()[-DETAIL_LENGTH // 2 :]
        raise fault(Kind.RUNTIME, f"{name} ended with status {ended.code}" + (f": {said}" if said else ""))
    return None if returned == "none" else stderr if returned == "stderr" else stdout


def of_process(error: ProcessFailedError) -> Exception:
    """The fault that a program stands for which could not be run to its end."""
    if isinstance(error, ProcessTimeoutError):
        return fault(Kind.TIMEOUT, error.message)
    if isinstance(error, ProcessMissingError):
        return fault(Kind.CONFIGURATION, error.message)
    return fault(Kind.RUNTIME, error.message, status=413 if isinstance(error, ProcessOutputError) else None)


def _argument(text: str) -> str:
    if "\0" in text or len(text.encode("utf-8", "replace")) > MOST_ARGUMENT_BYTES:
        most = MOST_ARGUMENT_BYTES // 1024
        raise fault(Kind.VALIDATION, f"an argument or variable has a NUL or is larger than {most} KiB: use stdin")
    return text
