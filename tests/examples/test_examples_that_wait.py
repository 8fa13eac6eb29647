"""The examples that something outside sets off, or that wait for it."""

import hashlib
import hmac
import json
from typing import Any

from tests.examples.person import Person, statuses
from tests.waiting import until

LEAD = {"name": "Ada", "email": "ada@example.com"}


async def test_a_small_lead_goes_through_alone(person: Person) -> None:
    execution = await person.execute("lead-intake", {**LEAD, "amount": 500, "approver": person.id})
    assert execution["status"] == "completed", execution["error"]
    [deal] = await person.rows("deals", "select=stage,contact:contacts(first_name)")
    assert deal == {"stage": "qualified", "contact": {"first_name": "Ada"}}


async def _asked(approver: Person) -> str:
    """The id of the one approval that waits for this person."""

    async def waiting() -> list[dict[str, Any]]:
        return (await approver.call("GET", "/workflows/v1/approvals"))["items"]

    return str((await until(waiting))[0]["id"])


async def test_a_large_lead_waits_for_its_approval(person: Person) -> None:
    definition = await person.define("lead-intake")
    execution = await person.begin(definition, {**LEAD, "amount": 50_000, "approver": person.id})
    approval = await _asked(person)
    decision = {"decision": "approved", "data": {"discount": 5}}
    await person.call("POST", f"/workflows/v1/approvals/{approval}/decide", decision)
    row = await person.ended(execution)
    assert row["status"] == "completed", row["error"]
    [deal] = await person.rows("deals", "select=stage,description")
    assert deal == {"stage": "qualified", "description": "Discount 5 %"}


async def test_a_large_lead_that_is_rejected_leaves_nothing_behind(person: Person) -> None:
    definition = await person.define("lead-intake")
    execution = await person.begin(definition, {**LEAD, "amount": 50_000, "approver": person.id})
    approval = await _asked(person)
    await person.call("POST", f"/workflows/v1/approvals/{approval}/decide", {"decision": "rejected"})
    row = await person.ended(execution)
    assert (row["status"], row["error"]["status"]) == ("failed", 403)
    assert await person.rows("deals") == []
    assert await person.rows("contacts") == []


async def test_a_webhook_makes_a_contact_and_the_next_one_updates_it(person: Person) -> None:
    definition = await person.define("webhook-to-table")
    hook = await person.call("POST", f"/workflows/v1/definitions/{definition}/hooks", {"scheme": "github"})
    for number, name in enumerate(("Ada", "Ada L.")):
        body = json.dumps({"email": "ada@example.com", "name": name})
        digest = hmac.new(hook["secret"].encode(), body.encode(), hashlib.sha256).hexdigest()
        signed = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Delivery": str(number)}
        answer = await person.http.post(
            hook["url"], content=body, headers={**signed, "Content-Type": "application/json"}
        )
        assert answer.status_code == 202, answer.text
        row = await person.ended(answer.json()["executionId"])
        assert row["status"] == "completed", row["error"]
    assert [row["first_name"] for row in await person.rows("contacts", "select=first_name")] == ["Ada L."]


async def test_a_deal_that_is_won_gets_its_onboarding(person: Person) -> None:
    definition = await person.define("deal-won-onboarding")
    deal = await person.insert("deals", {"title": "Engine", "stage": "proposal"})
    for stage in ("negotiation", "closed_won"):
        await person.call("PATCH", f"/rest/v1/deals?id=eq.{deal['id']}", {"stage": stage})
    row = await person.triggered(definition)
    assert row["status"] == "completed", row["error"]
    found = await person.rows("activities", f"select=type&deal_id=eq.{deal['id']}&order=type")
    assert [each["type"] for each in found] == ["call", "meeting", "task"]


async def test_a_new_contact_whom_nobody_calls_becomes_a_task(person: Person) -> None:
    definition = await person.define("follow-up-reminder")
    contact = await person.insert("contacts", {"type": "individual", "first_name": "Ada"})
    [row] = await person.rows("workflow_executions", f"workflow_id=eq.{definition}", until=bool)
    assert row["status"] in {"pending", "running"}
    await person.call("POST", f"/workflows/v1/executions/{row['id']}/cancel")
    # Three days are long for a test: the same definition with the event as its input and a pause of a second.
    quick = [{"subject": contact["id"], "data": {"record": {"id": contact["id"], "first_name": "Ada"}}}]
    config = (await person.rows("workflows", f"id=eq.{definition}&select=config"))[0]["config"]
    config["do"][1]["letTimePass"]["wait"] = "PT1S"
    await person.call("PATCH", f"/rest/v1/workflows?id=eq.{definition}", {"config": config})
    execution = await person.run(definition, quick)
    assert execution["status"] == "completed", execution["error"]
    assert [each["title"] for each in await person.rows("activities", "select=title")] == ["Speak to Ada"]


async def test_a_video_that_is_ready_becomes_the_draft_of_a_tutorial(person: Person) -> None:
    definition = await person.define("video-to-tutorial")
    video = await person.insert("videos", {"title": "How to crank", "filename": "crank.mp4"})
    event = [{"type": "video.ready", "subject": video["id"], "data": {"record": video}}]
    execution = await person.run(definition, event)
    assert execution["status"] == "completed", execution["error"]
    [tutorial] = await person.rows("tutorials", f"select=id,title,status&user_id=eq.{person.id}")
    assert (tutorial["title"], tutorial["status"]) == ("How to crank", "draft")
    assert execution["result_data"] == {"tutorial": tutorial["id"]}


async def test_a_published_tutorial_that_fails_a_check_goes_to_the_archive(person: Person) -> None:
    definition = await person.define("moderation")
    tutorial = await person.insert("tutorials", {"title": "Win", "content": "casino", "status": "published"})
    row = await person.triggered(definition)
    assert row["status"] == "completed", row["error"]
    [after] = await person.rows("tutorials", f"select=status&id=eq.{tutorial['id']}")
    assert after["status"] == "archived"


INVOICE = {"invoice": "R-1", "email": "customer@example.com"}


async def test_an_invoice_that_is_paid_ends_the_dunning(person: Person) -> None:
    definition = await person.define("dunning")
    execution = await person.begin(definition, INVOICE)
    await person.rows("workflow_executions", f"id=eq.{execution}", until=lambda rows: rows[0]["phase"] == "waiting")
    for invoice in ("R-2", "R-1"):
        event = {
            "specversion": "1.0",
            "type": "com.example.invoice.paid",
            "source": "/bank",
            "id": invoice,
            "data": {"invoice": invoice, "by": "transfer"},
        }
        await person.call("POST", "/events/v1", event, **{"Content-Type": "application/cloudevents+json"})
    row = await person.ended(execution)
    assert row["status"] == "completed", row["error"]
    assert row["result_data"] == {"paid": True, "by": "transfer"}


async def test_an_invoice_that_nobody_pays_ends_on_somebodys_desk(person: Person) -> None:
    execution = await person.execute("dunning", {**INVOICE, "patience": "PT1S"})
    assert execution["status"] == "completed", execution["error"]
    assert statuses(execution)["handOver"] == "completed"
    assert [each["title"] for each in await person.rows("activities", "select=title")] == ["Invoice R-1 is unpaid"]


async def test_a_tutorial_that_is_approved_is_published(person: Person) -> None:
    definition = await person.define("tutorial-from-topic")
    execution = await person.begin(definition, {"topic": "Knots for sailors"})
    approval = await _asked(person)
    await person.call("POST", f"/workflows/v1/approvals/{approval}/decide", {"decision": "approved"})
    row = await person.ended(execution)
    assert row["status"] == "completed", row["error"]
    [tutorial] = await person.rows("tutorials", f"select=id,status,steps&user_id=eq.{person.id}")
    assert (tutorial["status"], len(tutorial["steps"])) == ("published", 3)
    assert row["result_data"]["published"] == tutorial["id"]


async def test_a_tutorial_that_is_rejected_is_thrown_away(person: Person) -> None:
    definition = await person.define("tutorial-from-topic")
    execution = await person.begin(definition, {"topic": "Knots for sailors"})
    approval = await _asked(person)
    await person.call("POST", f"/workflows/v1/approvals/{approval}/decide", {"decision": "rejected"})
    row = await person.ended(execution)
    assert (row["status"], row["error"]["status"]) == ("failed", 403)
    assert await person.rows("tutorials", f"user_id=eq.{person.id}") == []
