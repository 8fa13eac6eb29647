"""Approvals on the real parts: asked by a workflow, decided once by those who may, seen by nobody else."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import jsonschema_rs
import pytest
from temporalio.client import Interceptor, OutboundInterceptor, SignalWorkflowInput
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.answers import TemporalAnswerUpkeepActivities
from activities.postman import Postman
from tests.waiting import until
from tests.workflows.people import People
from tests.workflows.post_office import PostOffice
from tests.workflows.running import Runner, create, statuses
from worker.resources import Resources
from workflows.language.functions import FUNCTIONS
from workflows.names import execution_workflow_id
from zilliance.mail import MailDoor
from zilliance.temporal import connect

Row = dict[str, Any]


def ask(*approvers: UUID, name: str = "ask", **more: object) -> Row:
    who = {"approvers": [str(each) for each in approvers]} if approvers else {}
    return {name: {"call": "request-approval", "with": {"title": "Spend 500?", "body": "For chairs.", **who, **more}}}


async def asked(people: People, account: UUID) -> Row:
    """The one approval that the account is asked for, once it is."""
    return (await until(lambda: people.items(account, query="&status=pending")))[0]


async def test_an_approver_decides_and_the_workflow_goes_on_with_the_decision(
    runner: Runner, people: People, office: PostOffice
) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(ask(approver))
    approval = await asked(people, approver)
    answer = await people.decide(approval["id"], approver, comment="go ahead", data={"n": 1})
    assert answer.status_code == 200, answer.text
    row = await runner.ended(execution)
    assert row["status"] == "completed", row["error"]
    assert row["result_data"] == {
        "decision": "approved",
        "by": str(approver),
        "at": row["result_data"]["at"],
        "comment": "go ahead",
        "data": {"n": 1},
    }
    [message] = office.to(f"{approver}@example.com")
    assert message["Subject"] == "Spend 500?"
    assert approval["id"] in message.get_content()
    assert "For chairs." in message.get_content()


async def test_an_approver_sees_the_question_and_not_the_workflow(runner: Runner, people: People) -> None:
    approver, other = await runner.rows.account(), await runner.rows.account()
    execution = await runner.start(ask(approver, other))
    seen = await asked(people, approver)
    assert set(seen) == {
        "id", "title", "body", "form", "status", "requested_by", "created_at", "decided_at", "can_decide",
    }  # fmt: skip
    assert (seen["requested_by"]["id"], seen["can_decide"]) == (str(runner.owner), True)
    [own] = await people.items(runner.owner, "requested")
    assert own["execution_id"] == str(execution)
    assert own["task"] == "/do/0/ask"
    assert own["approvers"] == [str(approver), str(other)]
    assert own["can_decide"] is False
    await people.decide(seen["id"], other, "rejected", comment="no", data={"why": 1})
    after = (await people.get(f"approvals/{seen['id']}", approver)).json()
    assert (after["status"], "comment" in after, "data" in after) == ("rejected", False, False)
    await runner.ended(execution)


async def test_strangers_see_nothing_and_are_told_nothing(runner: Runner, people: People) -> None:
    approver, stranger = await runner.rows.account(), await runner.rows.account()
    await runner.rows.connection.execute("INSERT INTO user_roles (user_id, role) VALUES ($1, 'admin')", stranger)
    execution = await runner.start(ask(approver))
    approval = await asked(people, approver)
    missing = await people.get(f"approvals/{uuid4()}", stranger)
    there = await people.get(f"approvals/{approval['id']}", stranger)
    assert there.status_code == missing.status_code == 404
    assert there.json()["code"] == missing.json()["code"]
    assert (await people.decide(approval["id"], stranger)).status_code == 404
    for box in ("assigned", "requested"):
        assert await people.items(stranger, box) == []
    assert await people.items(approver, "requested") == []
    assert await people.items(runner.owner, "assigned") == []
    anonymous = await people.http.get("/workflows/v1/approvals")
    assert anonymous.status_code == 401
    await runner.executions.cancel(runner.identity, execution)
    await runner.ended(execution)


async def test_the_owner_who_is_not_asked_may_not_decide(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(ask(approver))
    approval = await asked(people, approver)
    answer = await people.decide(approval["id"], runner.owner)
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_AN_APPROVER")
    await people.decide(approval["id"], approver)
    assert (await runner.ended(execution))["status"] == "completed"


async def test_the_first_of_many_decisions_wins_and_the_others_are_told(runner: Runner, people: People) -> None:
    approvers = [await runner.rows.account() for _ in range(5)]
    execution = await runner.start(ask(*approvers))
    approval = await asked(people, approvers[0])
    answers = await asyncio.gather(*(people.decide(approval["id"], each) for each in approvers))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    winner = next(each for each, answer in zip(approvers, answers, strict=True) if answer.status_code == 200)
    assert (await runner.ended(execution))["result_data"]["by"] == str(winner)


async def test_whoever_holds_the_role_may_decide(runner: Runner, people: People, office: PostOffice) -> None:
    moderator = await runner.rows.account()
    await runner.rows.connection.execute("INSERT INTO user_roles (user_id, role) VALUES ($1, 'moderator')", moderator)
    execution = await runner.start(ask(role="moderator"))
    approval = await asked(people, moderator)
    assert (await people.decide(approval["id"], moderator)).status_code == 200
    assert (await runner.ended(execution))["result_data"]["by"] == str(moderator)
    assert office.to(f"{moderator}@example.com")


FORM = {"type": "object", "required": ["budget"], "properties": {"budget": {"type": "integer", "maximum": 500}}}


async def test_data_must_match_the_form_and_a_rejection_needs_none(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(ask(approver, form=FORM))
    approval = await asked(people, approver)
    assert approval["form"] == FORM
    for data in (None, {}, {"budget": 501}, {"budget": "5"}):
        answer = await people.decide(approval["id"], approver, data=data)
        assert (answer.status_code, answer.json()["code"]) == (400, "FORM_INVALID")
    assert (await people.decide(approval["id"], approver, "rejected")).status_code == 200
    assert (await runner.ended(execution))["result_data"]["decision"] == "rejected"


@pytest.mark.parametrize("body", [{"decision": "maybe"}, {"decision": True}, {"decision": "approved", "x": 1}, {}, [1]])
async def test_a_decision_that_is_none_is_refused(runner: Runner, people: People, body: object) -> None:
    answer = await people.http.post(
        f"/workflows/v1/approvals/{uuid4()}/decide", headers=people.headers(runner.owner), json=body
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")


async def test_a_comment_or_data_beyond_bounds_is_refused(runner: Runner, people: People) -> None:
    assert (await people.decide(str(uuid4()), runner.owner, comment="x" * 10_001)).status_code == 400
    assert (await people.decide(str(uuid4()), runner.owner, comment=7)).status_code == 400
    assert (await people.decide(str(uuid4()), runner.owner, data="x" * 70_000)).status_code == 413


async def test_a_rejection_can_be_an_error_which_rolls_back(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(create("one", "Ada"), ask(approver, onReject="raise"))
    approval = await asked(people, approver)
    await people.decide(approval["id"], approver, "rejected", comment="too dear")
    row = await runner.ended(execution)
    assert row["error"] == {
        "type": "https://zilliance.dev/errors/rejected", "status": 403, "title": "Rejected", "detail": "too dear",
        "instance": "/do/1/ask",
    }  # fmt: skip
    assert statuses(row)["one"] == "compensated"


async def test_an_approval_that_nobody_decides_in_time_is_a_timeout_and_expires(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    row = await runner.run(ask(approver, timeout="PT15S"))  # long enough to be asked in
    assert (row["status"], row["error"]["status"]) == ("failed", 408)
    [approval] = await people.items(approver)
    assert approval["status"] == "expired"
    answer = await people.decide(approval["id"], approver)
    assert (answer.status_code, answer.json()["details"]) == (409, {"status": "expired"})


async def test_a_decision_that_was_not_heard_when_the_time_is_up_counts(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(ask(approver, timeout="PT15S"))  # long enough to be answered in
    approval = await asked(people, approver)
    # As whoever dies between the row and the signal leaves it; the hour keeps the upkeep from telling it.
    await runner.rows.connection.execute(
        "UPDATE private.approvals SET status = 'approved', decided_by = $2, decided_at = now() + interval '1 hour'"
        " WHERE id = $1",
        UUID(approval["id"]),
        approver,
    )
    row = await runner.ended(execution)
    assert (row["status"], row["result_data"]["decision"]) == ("completed", "approved")
    assert (await people.items(approver))[0]["status"] == "approved"


async def test_a_cancelled_execution_withdraws_its_approvals(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(ask(approver))
    approval = await asked(people, approver)
    await runner.executions.cancel(runner.identity, execution)
    assert (await runner.ended(execution))["status"] == "cancelled"
    assert (await people.items(approver))[0]["status"] == "withdrawn"
    assert (await people.decide(approval["id"], approver)).status_code == 409


async def test_an_approval_of_an_execution_that_was_lost_is_withdrawn_too(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(ask(approver))
    approval = await asked(people, approver)
    await runner.handle(execution).terminate()
    await runner.rows.connection.execute(
        "SELECT private.finish_execution($1, 'failed', NULL, NULL, NULL, '[]')", execution
    )
    assert (await people.items(approver))[0]["status"] == "withdrawn"
    assert (await people.decide(approval["id"], approver)).status_code == 409


async def test_a_decision_that_the_workflow_did_not_hear_is_told_again(
    runner: Runner, people: People, resources: Resources
) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(ask(approver))
    approval = await asked(people, approver)
    await runner.rows.connection.execute(
        "UPDATE private.approvals SET status = 'approved', decided_by = $2, decided_at = now() - interval '1 minute'"
        " WHERE id = $1",
        UUID(approval["id"]),
        approver,
    )
    upkeep = TemporalAnswerUpkeepActivities(
        resources.database, resources.client, Postman(resources.database, MailDoor(resources.settings.mail))
    )
    done = await ActivityEnvironment().run(upkeep.deliver_answers)
    assert done.delivered >= 1
    assert (await runner.ended(execution))["result_data"]["by"] == str(approver)
    left = await runner.rows.connection.fetch("SELECT execution_id FROM private.undelivered_answers(1000, '{}')")
    assert execution not in [row["execution_id"] for row in left]


class Refusing(Interceptor):
    """Temporal refuses signals to some executions for a reason of theirs."""

    def __init__(self) -> None:
        self.workflows: set[str] = set()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002  its name there
        refused = self.workflows

        class Signals(OutboundInterceptor):
            async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
                if input.id in refused:
                    raise RPCError("too many signals", RPCStatusCode.INVALID_ARGUMENT, b"")
                await super().signal_workflow(input)

        return Signals(next)


async def test_an_answer_that_cannot_be_told_holds_up_no_other(runner: Runner, resources: Resources) -> None:
    approver = await runner.rows.account()
    refused, other = [await runner.start(ask(approver)) for _ in range(2)]
    statement = "SELECT count(*) FROM private.approvals WHERE execution_id = ANY ($1)"
    while await runner.rows.connection.fetchval(statement, [refused, other]) < 2:  # noqa: ASYNC110  rows send no event
        await asyncio.sleep(0.05)
    for execution, age in ((refused, 2), (other, 1)):
        await runner.rows.connection.execute(
            "UPDATE private.approvals SET status = 'approved', decided_by = $2,"
            " decided_at = now() - make_interval(mins => $3) WHERE execution_id = $1",
            execution,
            approver,
            age,
        )
    refusing = Refusing()
    refusing.workflows.add(execution_workflow_id(refused))
    client = await connect(resources.settings.temporal, resources.store, interceptors=[refusing])
    postman = Postman(resources.database, MailDoor(resources.settings.mail))
    told = TemporalAnswerUpkeepActivities(resources.database, client, postman).deliver_answers
    await ActivityEnvironment().run(told)
    assert (await runner.ended(other))["result_data"]["by"] == str(approver)
    refusing.workflows.clear()
    await ActivityEnvironment().run(told)
    assert (await runner.ended(refused))["result_data"]["by"] == str(approver)


async def test_approvals_come_in_pages_newest_first(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    branches = [ask(approver, name=f"ask{n}", title=f"Question {n}") for n in range(3)]
    execution = await runner.start({"all": {"fork": {"branches": branches}}})

    async def all_asked() -> bool:
        return len(await people.items(approver)) == 3

    await until(all_asked)
    first = (await people.get("approvals?limit=2", approver)).json()
    second = (await people.get(f"approvals?limit=2&after={first['next']}", approver)).json()
    ids = [item["id"] for item in (*first["items"], *second["items"])]
    assert (len(set(ids)), second["next"]) == (3, None)
    assert ids == sorted(ids, reverse=True)
    assert (await people.get("approvals?limit=1001", approver)).status_code == 400
    assert (await people.get("approvals?box=all", approver)).status_code == 400
    for approval in ids:
        await people.decide(approval, approver)
    assert [each["decision"] for each in (await runner.ended(execution))["result_data"]] == ["approved"] * 3


async def test_asking_an_account_that_is_not_there_is_a_fault(runner: Runner) -> None:
    row = await runner.run(ask(uuid4()))
    assert (row["status"], row["error"]["status"]) == ("failed", 400)
    assert "there is no account" in row["error"]["detail"]


async def test_a_form_that_is_no_schema_is_a_fault(runner: Runner) -> None:
    row = await runner.run(ask(runner.owner, form='${ {type: "nonsense"} }'))
    assert (row["status"], row["error"]["status"]) == ("failed", 400)


async def test_mail_that_cannot_go_out_does_not_keep_people_from_deciding(
    runner: Runner, people: People, office: PostOffice
) -> None:
    approver = await runner.rows.account()
    office.refusals[f"{approver}@example.com"] = ["451 later"]
    execution = await runner.start(ask(approver))
    approval = await asked(people, approver)
    await people.decide(approval["id"], approver)
    assert (await runner.ended(execution))["status"] == "completed"


async def test_a_repeat_of_the_question_asks_once(runner: Runner, people: People) -> None:
    approver = await runner.rows.account()
    execution = await runner.start(ask(approver))
    await asked(people, approver)
    again = "SELECT private.request_approval($1, '/do/0/ask#', $2, 'x', NULL, NULL, $3, NULL, '', 100)"
    await runner.rows.connection.execute(again, execution, runner.owner, [approver])
    assert len(await people.items(approver)) == 1
    await runner.executions.cancel(runner.identity, execution)
    await runner.ended(execution)


async def test_editors_read_every_function_and_a_schema_of_documents(runner: Runner, people: People) -> None:
    listed = (await people.get("functions", runner.owner)).json()["items"]
    assert {each["name"] for each in listed} == set(FUNCTIONS)
    assert all({"input", "output", "idempotency", "undo", "timeoutSeconds"} <= each.keys() for each in listed)
    schema = jsonschema_rs.Draft202012Validator((await people.get("schema", runner.owner)).json())
    good = {"do": [ask(runner.owner), {"x": {"set": {"a": 1}, "then": "end"}}]}
    assert schema.is_valid(good)
    assert not schema.is_valid({"do": [{"x": {"sett": {}}}]})
    assert not schema.is_valid({"do": [{"x": {"call": "create-row", "with": {"tabel": "deals"}}}]})
    assert (await people.http.get("/workflows/v1/functions")).status_code == 401
