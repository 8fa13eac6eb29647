"""Validation on request: every fault at once, with its place in what was sent."""

from typing import Any

import pytest

from tests.api.served import Person, Served

URL = "/workflows/v1/validate"
WRONG = """\
do:
  - greet:
      sett:
        message: Hello
  - ask:
      call: htpp
      with: {}
"""

BOMB = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))


async def ask(api: Served, who: Person, body: Any, kind: str = "application/json") -> dict[str, Any]:
    sent = {"json": body} if kind == "json" else {"content": body}
    headers = who.headers if kind == "json" else {**who.headers, "content-type": kind}
    answer = await api.http.post(URL, headers=headers, **sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_valid_definition_comes_back_complete(api: Served, owner: Person) -> None:
    told = await ask(api, owner, {"do": [{"s": {"set": {"a": 1}}}]}, "json")
    assert (told["valid"], told["issues"]) == (True, [])
    assert told["document"]["document"]["dsl"] == "1.0.3"


async def test_every_fault_is_told_at_once_with_line_and_column_and_mend(api: Served, owner: Person) -> None:
    told = await ask(api, owner, WRONG, "application/yaml")
    assert told["valid"] is False
    first, second = told["issues"]
    assert (first["pointer"], first["code"], first["line"], first["column"]) == (
        "/do/0/greet/sett", "UNKNOWN_TASK_TYPE", 3, 7,
    )  # fmt: skip
    assert first["hint"] == 'did you mean "set"?'
    assert (second["pointer"], second["line"]) == ("/do/1/ask/call", 6)


async def test_json_text_has_lines_too(api: Served, owner: Person) -> None:
    told = await ask(api, owner, '{"do": [\n  {"a": {"set": {"x": 1}, "outptu": "end"}}]}')
    (issue,) = told["issues"]
    assert (issue["pointer"], issue["line"], issue["column"]) == ("/do/0/a/outptu", 2, 27)


@pytest.mark.parametrize("config", [WRONG, {"do": [{"greet": {"sett": {}}}, {"ask": {"call": "htpp"}}]}])
async def test_a_definition_may_be_wrapped(config: Any, api: Served, owner: Person) -> None:
    told = await ask(api, owner, {"config": config}, "json")
    assert [issue["code"] for issue in told["issues"]] == ["UNKNOWN_TASK_TYPE", "UNKNOWN_FUNCTION"]
    assert ("line" in told["issues"][0]) is isinstance(config, str)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("do: [", "application/yaml"),
        ("", "application/yaml"),
        ("{", "application/json"),
        ("", "application/json"),
        ('"text"', "application/json"),
        ("[]", "application/json"),
        (BOMB, "text/yaml"),
        ("[" * 5000, "application/json"),
        ('{"do": ' + "[" * 900 + "]" * 900 + "}", "application/json"),
        ('{"do": 1e999}', "application/json"),
        ('{"do": NaN}', "application/json"),
        ('{"do": "\\ud800"}', "application/json"),
        ('{"do": "' + "x" * 300_000 + '"}', "application/json"),
    ],
    ids=range(13),
)
async def test_what_is_no_definition_is_told_as_an_issue(text: str, kind: str, api: Served, owner: Person) -> None:
    told = await ask(api, owner, text, kind)
    assert told["valid"] is False
    assert told["issues"][0]["message"]


async def test_what_is_no_text_is_refused(api: Served, owner: Person) -> None:
    for content, kind in ((b"\xff\xfe", "application/yaml"), (b"do: []", "image/png")):
        answer = await api.http.post(URL, headers={**owner.headers, "content-type": kind}, content=content)
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert (await api.http.post(URL, headers=api.anon, json={})).status_code == 401


async def test_a_definition_as_text_can_be_tried_out(api: Served, owner: Person) -> None:
    answer = await api.http.post(
        "/workflows/v1/dry-run", headers=owner.headers, json={"config": "do:\n - s:\n    set: {a: 1}\n"}
    )
    assert answer.json()["output"] == {"a": 1}
