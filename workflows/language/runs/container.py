"""`run: container`: an image, with what the engine should give it and when it should be removed."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.programs import PROCESS_FIELDS, check_allowed, check_process, check_source
from workflows.language.runs.program import compile_program
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

CLEANUPS = ("always", "never", "eventually")
PULL_POLICIES = ("ifNotPresent", "always", "never")
# Named volumes alone: a path would be one of the machine that all tenants share.
VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MOST_PORT = 65_535
_FIELDS = ("image", "name", "command", "ports", "volumes", "lifetime", "pullPolicy", *PROCESS_FIELDS)


class ContainerRun:
    """The kind `container`."""

    key = "container"

    def check(self, checker: "Checker", run: Mapping[str, object], pointer: str, scope: "Scope") -> None:
        at = f"{pointer}/container"
        check_allowed(checker, "container", at)
        container = checker.fields(run["container"], at, _FIELDS, required=("image",), what="container")
        if container is None:
            return
        check_process(checker, container, at, scope)
        for name in ("image", "name", "command"):
            if name in container:
                check_source(checker, container[name], f"{at}/{name}", scope)
        _check_literal(checker, container.get("pullPolicy", "always"), f"{at}/pullPolicy", PULL_POLICIES)
        _check_ports(checker, container.get("ports", {}), f"{at}/ports", scope)
        _check_volumes(checker, container.get("volumes", {}), f"{at}/volumes", scope)
        if "lifetime" in container:
            _check_lifetime(checker, container["lifetime"], f"{at}/lifetime", scope)

    def compile(self, compiler: "Compiler", run: Mapping[str, object], pointer: str) -> Body:  # noqa: ARG002
        return compile_program(compiler, "container", run)


def _check_literal(checker: "Checker", value: object, pointer: str, options: tuple[str, ...]) -> None:
    if not isinstance(value, str) or unwrap(value) is None:
        checker.one_of(value, pointer, options)


def _check_ports(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    for port, inner in checker.mapping(value, pointer, "ports").items():
        at = checker.at(pointer, port)
        if not (port.isdigit() and 0 < int(port) <= MOST_PORT):
            message = f"{port!r:.80} is not a port of this machine"
            checker.error(at, IssueCode.INVALID_VALUE, message, 'write {"8080": 80}: here, and in the container')
        if isinstance(inner, str) and unwrap(inner) is not None:
            checker.template(inner, at, scope)
        elif not str(inner).isdigit() or isinstance(inner, bool) or not 0 < int(str(inner)) <= MOST_PORT:
            checker.error(at, IssueCode.INVALID_VALUE, f"{inner!r:.80} is not a port of a container")


def _check_volumes(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    for name, path in checker.mapping(value, pointer, "volumes").items():
        at = checker.at(pointer, name)
        if VOLUME.fullmatch(name) is None:
            message = f"{name!r:.80} is not the name of a volume"
            hint = 'name a volume of your own, such as {"work": "/data"}: paths of the machine cannot be mounted'
            checker.error(at, IssueCode.INVALID_VALUE, message, hint)
        if not isinstance(path, str):
            checker.error(at, IssueCode.WRONG_TYPE, "a path in the container is needed")
        elif unwrap(path) is not None:
            checker.template(path, at, scope)
        elif not path.startswith("/"):
            checker.error(at, IssueCode.INVALID_VALUE, f"{path!r:.80} is not an absolute path", 'write "/data"')


def _check_lifetime(checker: "Checker", value: object, pointer: str, scope: "Scope") -> None:
    if isinstance(value, str):
        value = {"cleanup": value}
    lifetime = checker.fields(
        cast("object", value), pointer, ("cleanup", "after"), required=("cleanup",), what="lifetime"
    )
    if lifetime is None:
        return
    cleanup = lifetime.get("cleanup", "always")
    _check_literal(checker, cleanup, f"{pointer}/cleanup", CLEANUPS)
    if "after" in lifetime:
        checker.duration(lifetime["after"], f"{pointer}/after", scope)
    elif cleanup == "eventually":
        message = "a container that is removed eventually needs after"
        checker.error(pointer, IssueCode.MISSING_PROPERTY, message, 'write "after": {"minutes": 10}')
