"""Files of workflows on the real store: by the buckets' rules, as the owner, undone with the rest."""

import base64
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.workflows.people import People
from tests.workflows.running import Runner, fail, statuses
from zilliance.settings import Settings
from zilliance.tokens import TokenAuthority

Row = dict[str, Any]


def put(path: str, content: object, name: str = "put", bucket: str = "documents", **more: object) -> Row:
    return {name: {"call": "put-object", "with": {"bucket": bucket, "path": path, "content": content, **more}}}


def get(path: str, bucket: str = "documents") -> Row:
    return {"get": {"call": "get-object", "with": {"bucket": bucket, "path": path}}}


async def objects(runner: Runner) -> list[str]:
    rows = await runner.rows.connection.fetch(
        "SELECT name FROM storage.objects WHERE owner = $1 ORDER BY name", runner.owner
    )
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("content", "more", "content_type", "read"),
    [
        ("Zoë", {}, "text/plain; charset=utf-8", "Zoë"),
        ({"a": [1, None]}, {}, "application/json", {"a": [1, None]}),
        (base64.b64encode(b"\xff\x00").decode(), {"encoding": "base64"}, "application/octet-stream", "/wA="),
        ("a,b", {"contentType": "text/csv"}, "text/csv", "a,b"),
        ("", {}, "text/plain; charset=utf-8", ""),
        ("not json", {"contentType": "application/json"}, "application/json", "bm90IGpzb24="),
    ],
)
async def test_what_is_put_is_what_is_got(
    runner: Runner, content: object, more: Row, content_type: str, read: object
) -> None:
    path = f"{runner.owner}/a file.txt"
    row = await runner.run(put(path, content, **more), get(path))
    assert row["status"] == "completed", row["error"]
    assert row["result_data"]["content"] == read
    assert row["result_data"]["contentType"] == content_type
    assert row["tasks"][0]["output"]["size"] == row["result_data"]["size"]


async def test_a_file_is_deleted_again_when_the_workflow_fails(runner: Runner) -> None:
    row = await runner.run(
        put(f"{runner.owner}/x", "x"), put(f"{runner.owner}/kept", "y", "kept", rollback="none"), fail()
    )
    assert statuses(row) == {"put": "compensated", "kept": "completed", "refuse": "faulted"}
    assert await objects(runner) == [f"{runner.owner}/kept"]


async def test_a_file_that_somebody_replaced_is_left(runner: Runner) -> None:
    path = f"{runner.owner}/x"
    replace = put(path, "theirs", "again", upsert=True, rollback="none")
    row = await runner.run(put(path, "ours"), replace, fail())
    assert statuses(row)["put"] == "compensation_failed"
    assert await objects(runner) == [path]


async def test_a_file_that_took_the_place_of_another_cannot_be_undone_and_says_so(runner: Runner) -> None:
    path = f"{runner.owner}/x"
    await runner.run(put(path, "old"))
    row = await runner.run(put(path, "new", upsert=True), fail())
    [step] = row["result_data"]["rollback"]["steps"]
    assert (step["status"], step["error"]["status"]) == ("compensation_failed", 409)


async def test_without_upsert_a_file_is_not_overwritten(runner: Runner) -> None:
    path = f"{runner.owner}/x"
    row = await runner.run(put(path, "one"), put(path, "two", "again"))
    assert (row["status"], row["error"]["status"]) == ("failed", 409)
    assert await objects(runner) == []


async def test_another_owners_folder_is_closed(runner: Runner) -> None:
    other = await runner.rows.account()
    row = await runner.run(put(f"{other}/x", "x"))
    assert row["error"]["status"] == 403
    theirs = Runner(other, runner.rows, runner.executions)
    await theirs.run(put(f"{other}/x", "x"))
    for call in (
        get(f"{other}/x"),
        {"get": {"call": "sign-url", "with": {"bucket": "documents", "path": f"{other}/x"}}},
    ):
        assert (await runner.run(call))["error"]["status"] == 404


@pytest.mark.parametrize("path", ["/x", "x/", "a//b", "../x", "a/./b", "ü", "x" * 1025, ""])
async def test_a_path_that_cannot_name_a_file_is_refused(runner: Runner, path: str) -> None:
    computed = f"${{ {json.dumps(path)} }}"
    assert (await runner.run(put(computed, "x")))["error"]["status"] == 400
    assert (await runner.run(get(computed)))["error"]["status"] == 400


async def test_the_rules_of_the_bucket_hold(runner: Runner) -> None:
    bucket = f"b-{runner.owner}"
    await runner.rows.connection.execute(
        "INSERT INTO storage.buckets (id, name, file_size_limit, allowed_mime_types) VALUES ($1, $1, 3, '{text/*}')",
        bucket,
    )
    assert (await runner.run(put("x", "four", bucket=bucket)))["error"]["status"] == 413
    assert (await runner.run(put("x", {"a": 1}, bucket=bucket)))["error"]["status"] == 413
    assert (await runner.run(put("x", 1, bucket=bucket)))["error"]["status"] == 415
    assert (await runner.run(put("x", "ok", bucket=bucket)))["error"]["status"] == 403  # no policy opens it
    assert (await runner.run(put("x", "ok", bucket="nowhere")))["error"]["status"] == 404


@pytest.mark.parametrize(
    "more", [{"encoding": "base64"}, {"contentType": "nonsense"}, {"contentType": '${ "text/plain\\r\\nX: y" }'}]
)
async def test_content_that_is_not_what_it_says_is_refused(runner: Runner, more: Row) -> None:
    assert (await runner.run(put(f"{runner.owner}/x", "*", **more)))["error"]["status"] == 400
    assert await objects(runner) == []


async def test_a_signed_url_permits_to_read_that_file(runner: Runner, settings: Settings) -> None:
    path = f"{runner.owner}/a b?.txt".replace("?", "+")
    row = await runner.run(
        put(path, "x"), {"url": {"call": "sign-url", "with": {"bucket": "documents", "path": path, "expiresIn": 60}}}
    )
    url = httpx.URL(row["result_data"]["url"])
    claims = TokenAuthority(settings).urls.verify(url.params["token"])
    assert (claims["url"], claims["scope"]) == (f"documents/{path}", "download")
    assert url.path == f"/storage/v1/object/sign/documents/{path}"
    assert claims["exp"] - claims["iat"] == 60


async def test_a_repeat_answers_what_was_answered(runner: Runner, people: People) -> None:
    del people
    row = await runner.run(put(f"{runner.owner}/x", "x"))
    known = await runner.rows.connection.fetchval(
        "SELECT private.effect_answer($1, '/do/0/put#')::text", UUID(row["id"])
    )
    assert json.loads(known) == row["result_data"]
