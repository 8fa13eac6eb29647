"""Good documents with one part exchanged for junk: validation never breaks, and what passes can be compiled and run."""

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from tests.unit.language.virtual import EVERY_RUN, run_unchecked
from workflows.document_text import parse_document
from workflows.language.documents import normalise
from workflows.language.issues import errors_of
from workflows.language.limits import Limits
from workflows.language.plan import compile_plan
from workflows.language.schedules import compile_schedule
from workflows.language.validation import validate

GOOD = sorted((Path(__file__).parent / "documents" / "good").glob("*.yaml"))
JUNK: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**15,
    "",
    "x",
    "${ . }",
    "${",
    "${ .a | }",
    "/",
    "~1",
    "continue",
    "end",
    "${ $nobody }",
    [],
    {},
    [[]],
    [{}],
    [None],
    [1],
    {"": {}},
    {"x": None},
    {"a": {"set": {}}},
    [{"a": {"set": {"x": 1}}}],
    [{"a": None}],
    {"use": "x"},
    {"after": None},
    "P",
    "PT1S",
    "https://x.example",
    {"uri": "https://x.example"},
    {"with": None},
    "\ud800",
    "\0",
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += places(inner, (*path, key))
    return found


def exchanged(document: Any, path: tuple[Any, ...], junk: Any, *, rename: bool) -> Any:
    """The document with junk at the place; or with junk for the name of the place."""
    changed = copy.deepcopy(document)
    around = changed
    for part in path[:-1]:
        around = around[part]
    if rename and isinstance(around, dict):
        around[str(junk)[:20]] = around.pop(path[-1])
    else:
        around[path[-1]] = copy.deepcopy(junk)
    return changed


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_whatever_is_exchanged_it_is_refused_or_runs_to_an_end(path: Path) -> None:
    chance = random.Random(path.stem)  # noqa: S311  the same documents each time
    parsed: Any = parse_document(path.read_text()).document
    document = normalise(parsed, path.stem)
    where = places(document)
    for _ in range(100):
        junk, rename = chance.choice(JUNK), chance.random() < 0.15
        changed = exchanged(document, chance.choice(where), junk, rename=rename)
        if not isinstance(changed, dict) or errors_of(validate(changed, allowed_runs=EVERY_RUN)):
            continue
        compile_schedule(changed)
        compile_plan(changed)
        outcome = run_unchecked(changed, {"a": 1, "items": [1]}, limits=Limits(task_runs=200), cancel_at=(10_000.0,))
        assert outcome.status in {"completed", "failed", "cancelled"}
        if outcome.problem is not None:
            assert "internal" not in str(outcome.problem.detail)
