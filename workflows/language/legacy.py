"""Configurations from before the standard, `{"steps": [{"name", "type", ...}]}`, as tasks where that is simple."""

import re
from collections.abc import Mapping
from typing import cast

from workflows.language.functions import FUNCTIONS
from workflows.language.issues import suggestion

# Where such steps keep their arguments; without any of these they stand beside `name` and `type`.
_ARGUMENTS = ("with", "config", "params", "parameters", "input")
_HTTP_FIELDS = ("method", "endpoint", "headers", "query", "body", "output", "redirect")
_UNITS = ("days", "hours", "minutes", "seconds", "milliseconds")
_TYPES = ("http", "set", "wait", *FUNCTIONS)
_SAME_AS = {"api": "http", "request": "http", "http-request": "http", "delay": "wait", "sleep": "wait"}
_HINT = 'write it as a task: {"do": [{"name": {"call": "http", "with": {...}}}]}'


class LegacyStepError(ValueError):
    """A step that has no simple equivalent; `hint` offers the mend."""

    def __init__(self, message: str, hint: str = _HINT) -> None:
        super().__init__(message)
        self.hint = hint


def is_legacy(document: Mapping[str, object]) -> bool:
    return "steps" in document and "do" not in document


def without_steps(document: Mapping[str, object]) -> dict[str, object]:
    """The document with tasks for its steps; as it is when one of them cannot be converted."""
    steps = document["steps"]
    if not isinstance(steps, list) or not steps:
        return dict(document)
    try:
        tasks = [task_of(step, index) for index, step in enumerate(cast("list[object]", steps))]
    except LegacyStepError:
        return dict(document)
    return {**{name: part for name, part in document.items() if name != "steps"}, "do": tasks}


def task_of(step: object, index: int) -> dict[str, object]:
    """One step as an entry of a task list; raises `LegacyStepError`."""
    if not isinstance(step, Mapping):
        raise LegacyStepError("a step is an object with name and type")
    members = cast("Mapping[str, object]", step)
    name, kind = members.get("name", f"step{index + 1}"), members.get("type")
    if not isinstance(name, str) or not isinstance(kind, str):
        raise LegacyStepError("the name and the type of a step are text")
    word = re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")
    word = _SAME_AS.get(word, word)
    arguments = _arguments(members)
    if word == "http":
        return {name: _http(arguments)}
    if word == "wait":
        return {name: {"wait": _duration(arguments)}}
    if word == "set":
        return {name: {"set": arguments.get("values", arguments)}}
    if word in FUNCTIONS:
        return {name: {"call": word, "with": dict(arguments)}}
    near = suggestion(word, _TYPES)
    hint = f'did you mean "{near}"?' if near else f"steps can be converted of the types {', '.join(_TYPES)}; {_HINT}"
    raise LegacyStepError(f'steps of type "{kind:.80}" cannot be converted', hint)


def _arguments(step: Mapping[str, object]) -> Mapping[str, object]:
    for name in _ARGUMENTS:
        inner = step.get(name)
        if isinstance(inner, Mapping):
            _only(step, ("name", "type", "id", "description", name))
            return cast("Mapping[str, object]", inner)
    return {name: value for name, value in step.items() if name not in ("name", "type", "id", "description")}


def _http(arguments: Mapping[str, object]) -> dict[str, object]:
    request = {("endpoint" if name in ("url", "uri") else name): value for name, value in arguments.items()}
    _only(request, _HTTP_FIELDS)
    return {"call": "http", "with": {"method": "get", **request}}


def _duration(arguments: Mapping[str, object]) -> object:
    if "duration" in arguments:
        _only(arguments, ("duration",))
        amount = arguments["duration"]
        return {"milliseconds": amount} if isinstance(amount, int) else amount
    _only(arguments, _UNITS)
    return dict(arguments)


def _only(members: Mapping[str, object], known: tuple[str, ...]) -> None:
    """A member that would be lost makes the step one that is not simple."""
    for name in members:
        if name not in known:
            raise LegacyStepError(f'"{name:.80}" of this step has no equivalent')
