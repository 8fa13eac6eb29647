"""The whole story of a front end, told by the official JavaScript client; and what an operator sees of it."""

from typing import Any

import pytest
from temporalio.client import Client

from tests.e2e.conftest import RunScript
from zilliance.devstack.stack import Stack


@pytest.fixture(scope="module")
async def story(javascript: RunScript) -> dict[str, Any]:
    return await javascript("front_end.mjs")


async def test_sign_up_gives_a_session_and_a_profile(story: dict[str, Any]) -> None:
    assert story["session"] is True
    assert story["profile"]["first_name"] == "Ada"


async def test_an_execution_completes_and_its_row_can_be_read(story: dict[str, Any]) -> None:
    good = story["good"]
    assert (good["status"], good["error"], good["error_message"]) == ("completed", None, None)
    assert good["duration_ms"] >= 0
    assert [(task["name"], task["status"]) for task in good["tasks"]] == [
        ("contact", "completed"),
        ("refuse", "skipped"),
    ]
    assert story["contactsAfterGood"] == [{"first_name": "Grace"}]


async def test_a_failing_step_undoes_what_was_done(story: dict[str, Any]) -> None:
    bad = story["bad"]
    assert bad["status"] == "failed"
    assert bad["error"]["title"] == "Refused"
    assert bad["error"]["instance"] == "/do/1/refuse"
    assert [(task["name"], task["status"]) for task in bad["tasks"]] == [
        ("contact", "compensated"),
        ("refuse", "faulted"),
    ]
    assert story["contactsAfterBad"] == [{"first_name": "Grace"}]


async def test_an_invalid_definition_is_refused_with_pointer_and_hint(story: dict[str, Any]) -> None:
    invalid = story["invalid"]
    assert invalid["status"] == 400
    assert invalid["error"]["code"] == "WORKFLOW_INVALID"
    assert "set" in str(invalid["error"]["details"])
    assert "/do/0/a" in str(invalid["error"]["details"])


async def test_a_tutorial_is_written_and_saved_as_a_draft(story: dict[str, Any]) -> None:
    tutorial = story["tutorial"]
    names = ("id", "title", "status", "level", "steps")
    assert story["drafts"] == [{name: tutorial[name] for name in names}]
    assert (tutorial["status"], tutorial["level"], len(tutorial["steps"])) == ("draft", "beginner", 2)
    assert story["nonsense"]["status"] == 400
    problems = story["nonsense"]["body"]["details"]["problems"]
    assert {problem["field"] for problem in problems} == {"topic", "level", "steps"}


async def test_strangers_see_nothing(story: dict[str, Any]) -> None:
    assert story["hidden"]["data"] is None
    assert story["hidden"]["status"] == 401
    assert story["foreign"] == 401
    assert story["missing"] == "PGRST116"


async def test_signing_out_ends_the_session(story: dict[str, Any]) -> None:
    assert story["after"]["user"] is None


async def test_temporal_shows_the_run_under_the_functions_name(story: dict[str, Any], platform: Stack) -> None:
    client = await Client.connect(platform.settings.temporal.address)
    description = await client.get_workflow_handle(f"execute-workflow/{story['bad']['id']}").describe()
    assert description.workflow_type == "execute-workflow"
    assert description.status is not None
    assert description.status.name == "FAILED"
