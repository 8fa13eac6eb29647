"""Finds what the directives of a task list make of it: tasks that are never reached, loops that never end."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from workflows.language.issues import IssueCode
from workflows.language.nodes import CONTINUE, END, EXIT

if TYPE_CHECKING:
    from workflows.language.validation.reporter import Reporter

Entry = tuple[str, object]

_OUT = -1  # where a list is left


def report_flow(reporter: "Reporter", entries: Sequence[Entry], pointer: str) -> None:
    """Warn of tasks of the list that nothing leads to, and of loops that nothing leads out of."""
    if all(not _jumps(task) for _, task in entries):
        return
    targets = {name: index for index, (name, _) in enumerate(entries)}
    following = [_following(index, entries, targets) for index in range(len(entries))]
    reached = _reachable({0}, following)
    for index, (name, _) in enumerate(entries):
        if index not in reached:
            message = f'nothing leads to the task "{name:.80}"'
            hint = "remove it, or let a then of this list name it"
            reporter.warning(reporter.at(pointer, index, name), IssueCode.UNREACHABLE_TASK, message, hint)
    _report_endless(reporter, entries, pointer, following, reached)


def _report_endless(
    reporter: "Reporter", entries: Sequence[Entry], pointer: str, following: Sequence[set[int]], reached: set[int]
) -> None:
    if not any(each <= index for index, nexts in enumerate(following) for each in nexts - {_OUT}):
        return
    backwards: list[set[int]] = [set() for _ in entries]
    leaving = {index for index, nexts in enumerate(following) if _OUT in nexts or _may_end(entries[index][1])}
    for index, nexts in enumerate(following):
        for each in nexts - {_OUT}:
            backwards[each].add(index)
    endless = sorted(reached - _reachable(leaving, backwards))
    if endless:
        name = entries[endless[0]][0]
        message = f'from the task "{name:.80}" on nothing leads out of this list: it repeats for ever'
        hint = "add a switch with a case that leaves the loop, or a timeout"
        reporter.warning(reporter.at(pointer, endless[0], name), IssueCode.ENDLESS_LOOP, message, hint)


def _following(index: int, entries: Sequence[Entry], targets: Mapping[str, int]) -> set[int]:
    """Where the list may go on after a task; a target that is reported as missing elsewhere counts as none."""
    task, after = entries[index][1], _next(index, entries)
    if not _jumps(task):
        return {after}
    found = {
        _OUT if then in (EXIT, END) else after if then == CONTINUE else targets.get(then, after)
        for then in _thens(task)
    }
    if "if" in cast("Mapping[str, object]", task):
        found.add(after)  # a skipped task's directive is not followed
    return found or {_OUT}


def _may_end(task: object) -> bool:
    """True when something inside the task may end the workflow."""
    waiting = [task]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            members = cast("Mapping[str, object]", item)
            if members.get("then") == END or "raise" in members:
                return True
            waiting.extend(members.values())
        elif isinstance(item, list):
            waiting.extend(cast("list[object]", item))
    return False


def _next(index: int, entries: Sequence[Entry]) -> int:
    return index + 1 if index + 1 < len(entries) else _OUT


def _reachable(start: set[int], following: Sequence[set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = list(start)
    while waiting:
        index = waiting.pop()
        if index != _OUT and index not in found:
            found.add(index)
            waiting.extend(following[index])
    return found


def _jumps(task: object) -> bool:
    """True for a task that may go on elsewhere than at the next one."""
    if not isinstance(task, Mapping):
        return False
    return "then" in task or "switch" in task or "raise" in task or "try" in task


def _thens(task: object) -> Iterator[str]:
    """Every directive that the task may follow; none for one that only raises."""
    definition = cast("Mapping[str, object]", task)
    own = _text(definition.get("then", CONTINUE))
    cases = _cases(definition.get("switch"))
    if cases:
        yield from (_text(case.get("then", CONTINUE)) for case in cases)
        if all("when" in case for case in cases):
            yield own
        return
    if "raise" not in definition:
        yield own  # a raise only ever leaves the list
    catch = definition.get("catch")
    if isinstance(catch, Mapping) and "then" in catch:
        yield _text(cast("Mapping[str, object]", catch)["then"])


def _cases(value: object) -> list[Mapping[str, object]]:
    entries = cast("list[object]", value) if isinstance(value, list) else []
    found: list[Mapping[str, object]] = []
    for entry in entries:
        if isinstance(entry, Mapping):
            members = cast("Mapping[str, object]", entry)
            found += [cast("Mapping[str, object]", case) for case in members.values() if isinstance(case, Mapping)]
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else CONTINUE
