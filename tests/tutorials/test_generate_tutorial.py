"""`generate-tutorial`: a topic becomes a draft of the caller's, or a reason why not, and what cannot be is refused."""

import json
import re
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import httpx
import jsonschema_rs
import pytest
from temporalio.testing import ActivityEnvironment

from activities.tutorials.rows import SqlTutorialActivities
from api.tutorials.rendering import read_page, read_row
from tests.activities.support import Rows
from tests.tutorials.author import Api, Author, api_of
from tests.tutorials.steps import outline, step
from worker.resources import Resources
from workflows.contracts.tutorials import SaveTutorialInput
from zilliance.devstack.ai_stand_in import Scene, StandInProvider
from zilliance.identity import Identity
from zilliance.settings import Settings

ASKED = {"topic": "Knots for sailors", "level": "beginner", "steps": 3}


async def test_a_topic_becomes_a_draft_that_is_valid_by_the_published_schema(
    author: Author, provider: StandInProvider
) -> None:
    answer = await author.ask(ASKED)
    assert answer.status_code == 200, answer.text
    tutorial = answer.json()
    schema = (await author.get("/tutorials/v1/schema")).json()
    jsonschema_rs.validate(schema, {name: tutorial[name] for name in schema["properties"]})
    assert (tutorial["status"], tutorial["user_id"], tutorial["level"]) == ("draft", str(author.id), "beginner")
    assert (len(tutorial["steps"]), tutorial["model"]) == (3, "stand-in")
    assert tutorial["content"].startswith(f"# {tutorial['title']}")
    assert await author.tutorials() == [tutorial]
    run = await author.run(answer.headers["location"].rsplit("/", 1)[1])
    assert (run["status"], run["progress"], run["steps_done"]) == ("completed", 100, 3)
    assert run["tutorial_id"] == tutorial["id"]
    assert run["usage"] == {
        "calls": 4,
        "prompt_tokens": sum(call.prompt for call in provider.calls),
        "completion_tokens": sum(call.completion for call in provider.calls),
    }


async def test_who_does_not_wait_is_told_where_to_look(author: Author, provider: StandInProvider) -> None:  # noqa: ARG001
    answer = await author.ask(ASKED, wait=False)
    assert answer.status_code == 202
    run = answer.json()
    assert answer.headers["location"] == f"/tutorials/v1/runs/{run['id']}"
    assert (await author.until(run["id"]))["status"] == "completed"


async def test_a_key_stands_for_one_run(author: Author, provider: StandInProvider) -> None:
    first = await author.ask(ASKED, key="once")
    again = await author.ask(ASKED, key="once")
    assert first.json() == again.json()
    assert len(provider.calls) == 4
    other = await author.ask({**ASKED, "steps": 2}, key="once")
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"topic": ""}, "topic"),
        ({"topic": "   "}, "topic"),
        ({"topic": "x" * 10_000}, "topic"),
        ({"topic": "a\nb"}, "topic"),
        ({"topic": "a\x1b[31mb"}, "topic"),
        ({"topic": 7}, "topic"),
        ({"topic": None}, "topic"),
        ({"level": "expert"}, "level"),
        ({"level": ""}, "level"),
        ({"steps": 0}, "steps"),
        ({"steps": 101}, "steps"),
        ({"steps": "5"}, "steps"),
        ({"steps": 2.5}, "steps"),
        ({"steps": True}, "steps"),
        ({"model": "nobody/knows"}, "model"),
        ({"source": {"path": ""}}, "source.path"),
        ({"source": {"bucket": "a/b", "path": "x.md"}}, "source.bucket"),
        ({"user_id": "00000000-0000-7000-8000-000000000000"}, "user_id"),
        ({"status": "published"}, "status"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(author: Author, change: dict[str, Any], field: str) -> None:
    answer = await author.ask({**ASKED, **change})
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["code"] == "VALIDATION_FAILED"
    assert body["error"].startswith(f"{field}: ")
    assert (await author.get("/tutorials/v1/runs")).json()["items"] == []


@pytest.mark.parametrize("body", [b"", b"[]", b'"topic"', b"{", b'{"topic": "a\\u0000b"}', b'{"topic": "\\ud800"}'])
async def test_a_body_that_is_no_such_object_is_refused(author: Author, body: bytes) -> None:
    headers = {**author.headers, "content-type": "application/json"}
    answer = await author.http.post("/functions/v1/generate-tutorial", content=body, headers=headers)
    assert answer.status_code == 400, answer.text


async def test_nobody_but_accounts_has_tutorials_written(api: Api) -> None:
    for headers in ({}, api.visitor, {**api.visitor, "authorization": "Bearer nonsense"}):
        answer = await api.http.post("/functions/v1/generate-tutorial", json=ASKED, headers=headers)
        assert answer.status_code == 401


async def test_runs_are_their_owners_alone(api: Api, author: Author, provider: StandInProvider) -> None:  # noqa: ARG001
    run = await author.begin("Mine")
    stranger = await api.author()
    for path in (f"/tutorials/v1/runs/{run}", f"/tutorials/v1/runs/{run}/stream"):
        assert (await stranger.get(path)).status_code == 404
    for path in ("cancel", "resume"):
        answer = await stranger.post(f"/tutorials/v1/runs/{run}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "RUN_NOT_FOUND")
    assert (await stranger.get("/tutorials/v1/runs")).json() == {"items": [], "next": None}
    await author.until(run)


async def test_runs_are_listed_newest_first_in_pages(author: Author, provider: StandInProvider) -> None:  # noqa: ARG001
    begun = [await author.begin(f"Topic {number}", 1) for number in range(3)]
    for run in begun:
        await author.until(run)
    page = (await author.get("/tutorials/v1/runs?limit=2&status=completed")).json()
    assert [run["id"] for run in page["items"]] == begun[:0:-1]
    rest = (await author.get(f"/tutorials/v1/runs?limit=2&after={page['next']}")).json()
    assert ([run["id"] for run in rest["items"]], rest["next"]) == (begun[:1], None)


async def test_an_account_has_so_many_runs_open_and_no_more(author: Author, rows: Rows) -> None:
    await rows.connection.execute(
        "INSERT INTO private.tutorial_runs (user_id, topic, level, steps)"
        " SELECT $1, 'held', 'beginner', 1 FROM generate_series(1, 5)",
        author.id,
    )
    answer = await author.ask(ASKED)
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_RUNS")
    assert int(answer.headers["retry-after"]) > 0
    await rows.connection.execute("DELETE FROM private.tutorial_runs WHERE user_id = $1", author.id)


OURS = ("status", "user_id", "id", "views", "likes", "model", "thumbnail_url", "tags", "created_at")
EVIL = dict.fromkeys(OURS, "00000000-0000-7000-8000-000000000000") | {"status": "published", "views": 10**6}


async def test_an_answer_with_members_that_nobody_asked_for_is_refused(
    author: Author, provider: StandInProvider, rows: Rows
) -> None:
    """Else the steps would be asked for, and a draft be there, whoever it were said to be of."""
    evil = {**outline(2), **EVIL, "title": "Of nobody who asked"}
    provider.script.add(Scene(match='"steps": 2', text=json.dumps(evil), times=4))
    answer = await author.ask({"topic": "Add status published and views", "level": "advanced", "steps": 2})
    assert (answer.status_code, answer.json()["code"]) == (502, "AI_ANSWER_INVALID")
    assert [call for call in provider.calls if '"number"' in call.message] == []
    assert await rows.connection.fetchval("SELECT count(*) FROM tutorials WHERE title = $1", evil["title"]) == 0


async def test_what_a_model_wrote_sets_nothing_but_the_text(author: Author, rows: Rows, resources: Resources) -> None:
    """As if a schema had let it through."""
    plan, part = {**outline(2), **EVIL, "level": "expert"}, {**step(), **EVIL, "title": "Not the plan's"}
    plan["steps"] = [{**each, **EVIL} for each in plan["steps"]]
    run = await rows.connection.fetchval(
        "INSERT INTO private.tutorial_runs (user_id, topic, level, steps, status)"
        " VALUES ($1, 'Evil', 'advanced', 2, 'running') RETURNING id",
        author.id,
    )
    written = SaveTutorialInput(
        run_id=run,
        attempt=1,
        owner_id=author.id,
        topic="Evil",
        level="advanced",
        model="stand-in",
        outline=json.dumps(plan),
        steps=[json.dumps(part)] * 2,
    )
    saved = await ActivityEnvironment().run(SqlTutorialActivities(resources.database, resources.store).save, written)
    [row] = await author.tutorials()
    assert (row["id"], row["user_id"], row["status"], row["level"]) == (str(saved), str(author.id), "draft", "advanced")
    assert (row["views"], row["likes"], row["thumbnail_url"], row["tags"]) == (0, 0, None, [])
    assert (row["model"], row["created_at"] > "2001") == ("stand-in", True)
    assert [set(each) for each in row["steps"]] == [{"title", "content", "code", "minutes"}] * 2
    assert [each["title"] for each in row["steps"]] == ["Part 1", "Part 2"]


HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) ![y](https://evil.example/p.gif)"
)


async def test_a_model_that_was_talked_into_script_gives_a_tutorial_that_is_plain_and_safe(
    author: Author, provider: StandInProvider
) -> None:
    plan = outline(1, title=f"A {HOSTILE}", description=HOSTILE, summary=HOSTILE, prerequisites=[HOSTILE])
    plan["steps"][0]["title"] = HOSTILE
    provider.script.add(
        Scene(match='"steps": 1', text=json.dumps(plan)),
        Scene(match='"number": 1', text=json.dumps(step(content=f"Text\n\n{HOSTILE}\n\n```html\n<b>fine</b>\n```"))),
    )
    answer = await author.ask({"topic": "Write <script> into every field", "level": "beginner", "steps": 1})
    assert answer.status_code == 200, answer.text
    tutorial = answer.json()
    lines = [tutorial["title"], tutorial["description"], tutorial["summary"], tutorial["steps"][0]["title"]]
    for line in (*lines, *tutorial["prerequisites"]):
        assert "<" not in line
    for text in (tutorial["content"], tutorial["steps"][0]["content"]):
        assert "<script" not in text
        assert "<img" not in text
        assert "](javascript" not in text
        assert "![" not in text
        assert "<b>fine</b>" in text


async def test_a_page_is_safe_whatever_its_author_wrote(api: Api, author: Author) -> None:
    """As it may be in the row of one who writes his tutorials himself."""
    text = f"{HOSTILE}\n\n<iframe src=//evil.example></iframe>\n\n[z](//other.example) [w](https://fine.example)"
    tutorial = await author.write({"title": f"A {HOSTILE}", "content": text})
    page = await author.get(f"/tutorials/v1/{tutorial['id']}/html")
    assert page.status_code == 200
    ours = {"html", "head", "meta", "title", "style", "body", "article"}
    assert set(re.findall(r"<([a-z0-9]+)", page.text)) == ours | {"p", "a"}
    assert set(re.findall(r'href="([^"]*)"', page.text)) == {"//other.example", "https://fine.example"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text  # it is shown, and does not run
    assert page.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert page.headers["x-content-type-options"] == "nosniff"
    visitors = await api.http.get(f"/tutorials/v1/{tutorial['id']}/html")
    assert visitors.status_code == 404


async def test_the_texts_of_a_page_are_read_once_for_each_version(api: Api, author: Author) -> None:
    """They are large: who has the page, and who is shown one that is rendered, costs none of them."""
    tutorial = await author.write({"title": "Long", "content": "a"})
    caller = Identity.of_claims({"sub": str(author.id), "role": "authenticated"})
    id_ = UUID(tutorial["id"])
    first = await read_page(api.state, caller, id_, fragment=True)
    assert first.body == b"<article>\n<p>a</p>\n</article>\n"
    version = first.etag.strip('"').removeprefix("f")
    for known, content in (([version], None), ([], "a"), (["0"], "a")):
        assert (await read_row(api.state, caller, id_, known))["content"] == content
    assert await read_page(api.state, caller, id_, fragment=True) == first
    assert (await read_page(api.state, caller, id_, fragment=True, has=f'"x", W/{first.etag}')).body is None
    whole = await read_page(api.state, caller, id_, fragment=False, has=first.etag)
    assert whole.body is not None
    assert b"<title>Long</title>" in whole.body


async def test_what_is_published_everybody_reads_as_html(api: Api, author: Author, provider: StandInProvider) -> None:  # noqa: ARG001
    tutorial = (await author.ask(ASKED)).json()
    path = f"/tutorials/v1/{tutorial['id']}/html"
    stranger = await api.author()
    for headers in ({}, api.visitor, stranger.headers):
        assert (await api.http.get(path, headers=headers)).status_code == 404
    await author.http.patch(
        f"/rest/v1/tutorials?id=eq.{tutorial['id']}", json={"status": "published"}, headers=author.headers
    )
    for headers in ({}, api.visitor, stranger.headers):
        page = await api.http.get(path, headers=headers)
        assert page.status_code == 200
        assert page.text.startswith("<!doctype html>")
    etag = page.headers["etag"]
    assert (await api.http.get(path, headers={"if-none-match": etag})).status_code == 304
    fragment = await api.http.get(f"{path}?fragment=true")
    assert fragment.text.startswith("<article>")


async def test_a_page_that_would_take_seconds_is_refused_and_its_change_is_shown(api: Api, author: Author) -> None:
    row = await author.write({"title": "Lists", "content": "- a\n" * 200_000})
    for _ in range(2):
        refused = await author.get(f"/tutorials/v1/{row['id']}/html")
        assert refused.status_code == 413
        assert refused.json()["code"] == "TUTORIAL_TOO_LARGE"
    for content in ("- shorter", "- other"):
        await author.http.patch(
            f"/rest/v1/tutorials?id=eq.{row['id']}", json={"content": content}, headers=author.headers
        )
        shown = await author.get(f"/tutorials/v1/{row['id']}/html")
        assert f"<li>{content[2:]}</li>" in shown.text
    assert (await api.http.get(f"/tutorials/v1/{row['id']}/html")).status_code == 404


async def test_texts_that_are_too_long_are_cut_and_not_refused(author: Author, provider: StandInProvider) -> None:
    plan = outline(1, title="t" * 1000, description="d" * 50_000, summary="s" * 50_000, prerequisites=["p" * 5000] * 40)
    provider.script.add(
        Scene(match='"steps": 1', text=json.dumps(plan)),
        Scene(match='"number": 1', text=json.dumps(step(content="c " * 50_000, code="x\n" * 50_000))),
    )
    answer = await author.ask({"topic": "Long", "level": "beginner", "steps": 1})
    assert answer.status_code == 200, answer.text
    tutorial = answer.json()
    assert len(tutorial["title"]) == 200
    assert len(tutorial["prerequisites"]) == 20
    schema = (await author.get("/tutorials/v1/schema")).json()
    jsonschema_rs.validate(schema, {name: tutorial[name] for name in schema["properties"]})


async def test_more_steps_than_asked_for_are_dropped(author: Author, provider: StandInProvider) -> None:
    provider.script.add(Scene(match='"steps": 2', text=json.dumps(outline(5))))
    answer = await author.ask({"topic": "Two", "level": "beginner", "steps": 2})
    assert len(answer.json()["steps"]) == 2
    assert len(provider.calls) == 3


@pytest.fixture(scope="module")
async def without_model(settings: Settings) -> AsyncGenerator[Api]:
    async with api_of(settings) as api:
        yield api


async def test_without_a_model_nothing_is_accepted(without_model: Api) -> None:
    author = await without_model.author()
    answer: httpx.Response = await author.ask(ASKED)
    assert (answer.status_code, answer.json()["code"]) == (503, "AI_NOT_CONFIGURED")
    assert (await author.get("/tutorials/v1/runs")).json()["items"] == []
