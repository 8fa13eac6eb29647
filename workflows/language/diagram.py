"""A definition as a picture: a flowchart in the language of Mermaid, for whoever would rather look than read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from workflows.language.schedules import KINDS
from workflows.language.shapes import part

_LONGEST = 60  # characters of what is quoted of a document
_ESCAPED = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;", "%": "#37;"}
_NOWHERE = "stop"

Task = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Way:
    """A way out of a node that leads nowhere yet."""

    source: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A part of the picture: where one comes in, and the ways out."""

    entry: str
    exits: Sequence[_Way]


@dataclass(slots=True)
class _Picture:
    """Lines of the chart, in order. Names of nodes are ours; what documents say is in quoted labels alone."""

    lines: list[str] = field(default_factory=list[str])
    count: int = 0

    def node(self, opening: str, label: str, closing: str) -> str:
        self.count += 1
        self.lines.append(f'  n{self.count}{opening}"{label}"{closing}')
        return f"n{self.count}"

    def lead(self, ways: Sequence[_Way], target: str) -> None:
        self.lines.extend(f"  {way.source} -->{_between(way.label)} {target}" for way in ways)

    def tasks(self, value: object) -> _Drawn | None:
        """A list of tasks, one after the other but where they say otherwise; None for an empty one."""
        named = [item for item in map(_named, _items(value)) if item is not None]
        drawn = [self.task(name, task) for name, task in named]
        places = {name: place for place, (name, _) in reversed(list(enumerate(named)))}
        exits: list[_Way] = []
        for place, (_, task) in enumerate(named):
            for way, then in self._ways(task, drawn[place]):
                goal = place + 1 if then == "continue" else places.get(then)
                if then == "end":
                    self.lead([way], _NOWHERE)
                elif goal is None or goal >= len(drawn):
                    exits.append(way)
                else:
                    self.lead([way], drawn[goal].entry)
        return _Drawn(drawn[0].entry, exits) if drawn else None

    def _ways(self, task: Task, drawn: _Drawn) -> list[tuple[_Way, str]]:
        """Each way out of a task with the directive that says where it leads."""
        then = str(task.get("then", "continue"))
        if "switch" not in task:
            return [(way, then) for way in drawn.exits]
        cases = [case for case in map(_named, _items(task["switch"])) if case is not None]
        ways = [(_Way(drawn.entry, _label(name)), str(case.get("then", "continue"))) for name, case in cases]
        return ways if any("when" not in case for _, case in cases) else [*ways, (_Way(drawn.entry, "else"), then)]

    def task(self, name: str, task: Task) -> _Drawn:
        """One task with all that is in it."""
        label = "<br/>".join([_label(name), *_notes(task)])
        if "fork" in task:
            return self._fork(label, part(task, "fork"))
        if "try" in task:
            return self._attempt(label, task)
        if "switch" in task:
            node = self.node("{", label, "}")
            return _Drawn(node, [_Way(node)])
        if "do" in task and "for" not in task:
            return self._group(label, task["do"])
        body = _repeated(task)
        if body is not None:
            return self._loop(label, body)
        node = self.node("[", label, "]")
        return _Drawn(node, [] if "raise" in task else [_Way(node)])

    def _group(self, label: str, tasks: object) -> _Drawn:
        self.count += 1
        self.lines.append(f'  subgraph g{self.count}["{label}"]')
        inner = self.tasks(tasks)
        self.lines.append("  end")
        if inner is not None:
            return inner
        node = self.node("[", label, "]")
        return _Drawn(node, [_Way(node)])

    def _loop(self, label: str, tasks: object) -> _Drawn:
        head = self.node("{{", label, "}}")
        inner = self.tasks(tasks)
        if inner is not None:
            self.lead([_Way(head, "each")], inner.entry)
            self.lead(inner.exits, head)
        return _Drawn(head, [_Way(head)])

    def _fork(self, label: str, fork: Task) -> _Drawn:
        head = self.node("[/", label, "\\]")
        branches = [self.task(*branch) for branch in map(_named, _items(fork.get("branches"))) if branch is not None]
        join = self.node("[\\", "the first" if fork.get("compete") is True else "all", "/]")
        for branch in branches:
            self.lead([_Way(head)], branch.entry)
            self.lead(branch.exits, join)
        return _Drawn(head, [_Way(join)])

    def _attempt(self, label: str, task: Task) -> _Drawn:
        inner = self._group(label, task["try"])
        caught = self.tasks(part(task, "catch").get("do"))
        if caught is None:
            return inner
        self.lines.append(f'  {inner.entry} -. "error" .-> {caught.entry}')
        return _Drawn(inner.entry, [*inner.exits, *caught.exits])


def diagram(document: Mapping[str, object]) -> str:
    """The chart of a document that `validate` has passed; what could not be there is left out."""
    picture = _Picture(["flowchart TD", f'  start(["{_beginning(part(document, "schedule"))}"])', '  stop(["end"])'])
    drawn = picture.tasks(document.get("do"))
    picture.lead([_Way("start")], _NOWHERE if drawn is None else drawn.entry)
    picture.lead([] if drawn is None else drawn.exits, _NOWHERE)
    return "\n".join([*picture.lines, ""])


def _notes(task: Task) -> list[str]:
    """What a task does, when, and how it is undone, each in a line."""
    notes = [f"if {_label(task['if'])}"] if "if" in task else []
    if "call" in task:
        notes.append(f"call {_label(task['call'])}")
    elif "run" in task:
        notes += [
            f"run {_label(kind)}" for kind in part(task, "run") if kind in {"workflow", "script", "shell", "container"}
        ]
    elif "for" in task:
        notes.append(f"for {_label(part(task, 'for').get('in', ''))}")
    else:
        notes += [kind for kind in ("set", "wait", "emit", "listen", "raise") if kind in task]
    undo = [item[0] for item in map(_named, _items(part(task, "metadata").get("compensate"))) if item is not None]
    return [*notes, *([f"undone by {_label(', '.join(undo))}"] if undo else [])]


def _repeated(task: Task) -> object | None:
    """The list of a task that is run for each of something."""
    if "for" in task:
        return task.get("do")
    if "foreach" in task:
        return part(task, "foreach").get("do")
    return part(task, "with").get("do") if task.get("call") == "map-parallel" else None


def _beginning(schedule: Mapping[str, object]) -> str:
    kind = next((kind for kind in KINDS if kind in schedule), None)
    if kind is None:
        return "start"
    value = schedule[kind]
    return f"{kind} {_label(value)}" if isinstance(value, str) else kind


def _items(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else ()


def _named(item: object) -> tuple[str, Task] | None:
    """The name and the members of an entry of a list."""
    if not isinstance(item, Mapping):
        return None
    for name, members in cast("Mapping[str, object]", item).items():
        if isinstance(members, Mapping):
            return name, cast("Task", members)
    return None


def _label(value: object) -> str:
    """A text of the document's, within quotes: on one line, and with nothing in it that Mermaid or a browser reads."""
    line = " ".join(str(value).split())
    short = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return "".join(_ESCAPED.get(each, each) for each in short if each.isprintable())


def _between(label: str) -> str:
    return f'|"{label}"|' if label else ""
