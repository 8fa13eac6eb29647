"""Documents that must pass and documents that must not, as their authors write them: `documents/good`, `documents/bad`.

The first line of a bad one says where its fault is and a part of what is said of it.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.unit.language.virtual import EVERY_RUN
from workflows.document_text import parse_document
from workflows.language.documents import normalise
from workflows.language.issues import Issue, errors_of
from workflows.language.plan import compile_plan
from workflows.language.validation import validate

DOCUMENTS = Path(__file__).parent / "documents"
GOOD = sorted((DOCUMENTS / "good").glob("*.yaml"))
BAD = sorted((DOCUMENTS / "bad").glob("*.yaml"))


def read(path: Path) -> tuple[dict[str, object], list[Issue]]:
    parsed = parse_document(path.read_text())
    assert isinstance(parsed.document, dict)
    document = normalise(parsed.document, path.stem)  # pyright: ignore[reportUnknownArgumentType]  JSON
    return document, errors_of(parsed.located(validate(document, allowed_runs=EVERY_RUN)))


def test_there_are_enough_of_both() -> None:
    assert len(GOOD) >= 40
    assert len(BAD) >= 80


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_document_passes_and_can_be_compiled(path: Path) -> None:
    document, errors = read(path)
    assert errors == []
    compile_plan(document)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_document_is_told_its_fault_at_its_place_and_nothing_unrelated(path: Path) -> None:
    pointer, _, said = path.read_text().splitlines()[0].removeprefix("# ").partition(": ")
    _, errors = read(path)
    assert any(issue.pointer == pointer and said in issue.message for issue in errors), errors
    assert len(errors) <= 2
    assert all(issue.line is not None and issue.line > 1 for issue in errors)


def test_every_fault_is_told_at_once_each_with_its_place() -> None:
    text = """
document: {dsl: 1.0.3, namespace: a b, name: x, version: one}
input: {schema: {document: {type: objct}}}
schedule: {every: PT1H, cron: "* * *"}
timeout: later
use:
  retries: {r: {backof: {}}}
do:
- fetch:
    call: http
    with: {method: get, endpont: https://x.example}
- fetch: {set: {x: "${ .a | }"}, then: nowhere}
- choose: {switch: [{a: {then: end}}, {b: {then: nowhere}}]}
"""
    parsed = parse_document(text)
    found = {(issue.pointer, issue.line) for issue in parsed.located(validate(parsed.document))}
    assert found >= {
        ("/document/namespace", 2),
        ("/document/version", 2),
        ("/input/schema/document", 3),
        ("/schedule", 4),
        ("/schedule/cron", 4),
        ("/timeout", 5),
        ("/use/retries/r/backof", 7),
        ("/do/0/fetch/with/endpont", 11),
        ("/do/0/fetch/with", 11),
        ("/do/1/fetch", 12),
        ("/do/1/fetch/set/x", 12),
        ("/do/1/fetch/then", 12),
        ("/do/2/choose/switch", 13),
        ("/do/2/choose/switch/1/b/then", 13),
    }


def test_what_was_probably_meant_is_offered_everywhere() -> None:
    text = """
document: {dsl: 1.0.3, namespace: a, name: x, version: 0.1.0, titlee: x}
use:
  errors: {notFound: {type: https://x.example, status: 404}}
  timeouts: {short: {after: PT1S}}
  functions: {greet: {set: {x: 1}}}
do:
- first: {sett: {x: 1}}
- second: {call: gret}
- third: {raise: {error: notFond}}
- fourth: {set: {x: "${ $contxt }"}, timeout: shrt, then: second_}
- fifth: {call: create-row, with: {tabel: deals, table: dealss, values: {x: 1}}}
"""
    hints = Counter(issue.hint for issue in validate(parse_document(text).document))
    for meant in ("title", "set", "greet", "notFound", "$context", "short", "second", "table", "deals"):
        assert hints[f'did you mean "{meant}"?'] == 1, (meant, hints)


def test_no_document_has_more_issues_than_anybody_can_read() -> None:
    document = normalise({"do": [{f"t{n}": {"sett": 1}} for n in range(900)]}, "x")
    assert len(validate(document)) == 200
