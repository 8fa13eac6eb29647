"""`run: container` on the engine that is there, docker or podman, through its command line."""

import hashlib
import re
import shlex
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from activities.faults import fault
from activities.protocols.programs import Programs, environment_of, given, of_process, output_of, stdin_of, wanted
from activities.protocols.values import object_of, text_of, written
from workflows.language.durations import DurationError, parse_duration, seconds_of
from workflows.language.problems import Kind
from workflows.language.runs.container import CLEANUPS, MOST_PORT, PULL_POLICIES, VOLUME
from zilliance.processes import ProcessFailedError, ProcessLimits, Program

ENGINES = ("docker", "podman")
RUN_LABEL = "zilliance.run"
EXPIRY_LABEL = "zilliance.remove-after"
ENGINE_FAILED = 125
CLEANUP_SECONDS = 20.0
ENVIRONMENT_FILE = "environment"
PULL: Mapping[str, str] = {"ifNotPresent": "missing", "always": "always", "never": "never"}

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class Containers:
    """Runs containers and removes them when their time has come, those of workers that died included."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._engine: str | None = None

    async def run(self, arguments: Mapping[str, object], *, owner: UUID, key: str, timeout: float) -> object:  # noqa: ASYNC109
        """What `return` says of the container's end. Raises faults."""
        engine = await self._answering_engine()
        mark = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
        program = _program(engine, arguments, (owner, key, mark))
        limits = _limits(timeout)
        await self._sweep(engine)
        await self._remove(engine, mark)  # what an attempt left behind whose worker died
        if arguments.get("await") is False:
            return await self._programs.run(program, arguments, limits)
        ended = False
        try:
            result = await self._programs.processes.run(program, limits)
            ended = True
        except ProcessFailedError as error:
            raise of_process(error) from error
        finally:
            if not ended:
                await self._remove(engine, mark)
        if result.code == ENGINE_FAILED:
            said = result.stderr.decode(errors="replace").strip()
            raise fault(Kind.RUNTIME, f"the container could not be run: {said}")
        return output_of(result, str(arguments.get("return", "stdout")), f"the container of {arguments.get('image')}")

    async def _answering_engine(self) -> str:
        """The first engine that is there and answers: a command line may be installed without its engine."""
        for name in ENGINES if self._engine is None else ():
            if await self._ask(name, "version"):
                self._engine = name
                break
        if self._engine is None:
            raise fault(Kind.CONFIGURATION, f"neither {' nor '.join(ENGINES)} answers where workflows run")
        return self._engine

    async def _remove(self, engine: str, mark: str) -> None:
        for found in await self._ask(engine, "ps", "-aq", "--filter", f"label={RUN_LABEL}={mark}"):
            await self._ask(engine, "rm", "-f", found)

    async def _sweep(self, engine: str) -> None:
        """Remove the containers that were to be removed eventually, and now are due."""
        template = f'{{{{.ID}}}} {{{{.Label "{EXPIRY_LABEL}"}}}}'
        for line in await self._ask(engine, "ps", "-a", "--filter", f"label={EXPIRY_LABEL}", "--format", template):
            found, _, expiry = line.partition(" ")
            if expiry.isdigit() and int(expiry) < time.time():
                await self._ask(engine, "rm", "-f", found)

    async def _ask(self, engine: str, *arguments: str) -> list[str]:
        """The lines of an answer of the engine; none when it does not answer."""
        program = Program(arguments=[engine, *arguments], trusted=True)
        with suppress(ProcessFailedError):
            ended = await self._programs.processes.run(program, _limits(CLEANUP_SECONDS))
            return ended.stdout.decode(errors="replace").split("\n") if ended.code == 0 else []
        return []


def _limits(seconds: float) -> ProcessLimits:
    """Of the engine's command line, whose limits some engines hand on; the container has its own among its options."""
    return ProcessLimits(
        seconds=seconds, cpu_seconds=None, memory_bytes=None, file_bytes=None, open_files=None, processes=4096
    )


def _program(engine: str, arguments: Mapping[str, object], whose: tuple[UUID, str, str]) -> Program:
    """The engine's command line."""
    owner, key, mark = whose
    image = _matching(_IMAGE, arguments.get("image"), "image")
    name = arguments.get("name")
    cleanup, expiry = _lifetime(arguments.get("lifetime"))
    command = arguments.get("command")
    options = [
        *("--name", f"zilliance-{mark[:16]}" if name is None else _matching(_NAME, name, "name")),
        *("--label", f"{RUN_LABEL}={mark}"),
        *(("--label", f"{EXPIRY_LABEL}={expiry}") if expiry is not None else ()),
        *(("--rm",) if cleanup == "always" else ()),
        *("--pull", PULL[_one_of(arguments.get("pullPolicy") or "ifNotPresent", PULL_POLICIES, "pullPolicy")]),
        *("--init", "--interactive"),
        *("--memory", "1g", "--pids-limit", "256", "--security-opt", "no-new-privileges"),
        *("--env-file", ENVIRONMENT_FILE),
        *(part for ports in _ports(arguments) for part in ("--publish", ports)),
        *(part for volume in _volumes(arguments, owner) for part in ("--volume", volume)),
    ]
    words = [] if command is None else _words(text_of(command, "command"))
    return Program(
        arguments=[engine, "run", *options, image, *words, *given(arguments)],
        # A file, because arguments stand in every list of processes, and the engine's own environment obeys to nobody.
        files={ENVIRONMENT_FILE: _environment_file(environment_of(arguments, key))},
        stdin=stdin_of(arguments),
        wanted=wanted(arguments),
        trusted=True,
    )


def _environment_file(environment: Mapping[str, str]) -> bytes:
    for name, value in environment.items():
        if "\n" in value or "\r" in value:
            raise fault(Kind.VALIDATION, f"the variable {name} has a line break: a container takes that through stdin")
    return "".join(f"{name}={value}\n" for name, value in environment.items()).encode("utf-8", "replace")


def _lifetime(value: object) -> tuple[str, int | None]:
    lifetime = {"cleanup": value} if isinstance(value, str) else object_of(value, "lifetime")
    cleanup = _one_of(lifetime.get("cleanup") or "always", CLEANUPS, "lifetime.cleanup")
    if cleanup != "eventually":
        return cleanup, None
    try:
        seconds = seconds_of(parse_duration(lifetime.get("after")), datetime.now(UTC))
    except DurationError as error:
        raise fault(Kind.VALIDATION, f"lifetime.after: {error}") from error
    return cleanup, int(time.time() + seconds)


def _ports(arguments: Mapping[str, object]) -> list[str]:
    """Ports of this machine, on loopback, and what they stand for inside."""
    ports = object_of(arguments.get("ports"), "ports")
    return [f"127.0.0.1:{_port(outer)}:{_port(inner)}" for outer, inner in ports.items()]


def _port(value: object) -> int:
    text = written(value)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MOST_PORT):
        raise fault(Kind.VALIDATION, f"{text:.80} is not a port")
    return int(text)


def _volumes(arguments: Mapping[str, object], owner: UUID) -> list[str]:
    """Named volumes, each its owner's alone."""
    volumes: list[str] = []
    for name, path in object_of(arguments.get("volumes"), "volumes").items():
        inside = text_of(path, "a volume's path")
        if not inside.startswith("/") or ":" in inside:
            raise fault(Kind.VALIDATION, f"{inside!r:.80} is not an absolute path in the container")
        volumes.append(f"zilliance-{owner}-{_matching(VOLUME, name, 'volume')}:{inside}")
    return volumes


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise fault(Kind.VALIDATION, f"the command {command!r:.200} has a quote without its end") from error


def _matching(pattern: re.Pattern[str], value: object, what: str) -> str:
    text = text_of(value, what)
    if pattern.fullmatch(text) is None:
        raise fault(Kind.VALIDATION, f"{text!r:.80} is not a valid {what}")
    return text


def _one_of(value: object, options: tuple[str, ...], what: str) -> str:
    if value not in options:
        raise fault(Kind.VALIDATION, f"{what} must be one of {', '.join(options)}, not {value!r:.80}")
    return str(value)
