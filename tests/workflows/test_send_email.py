"""`send-email` over a real mail server: each message once, recognisable, bounded, its headers closed."""

from typing import Any
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.mail import SmtpMailActivities
from activities.postman import Postman
from tests.workflows.post_office import PostOffice
from tests.workflows.running import Runner
from worker.resources import Resources
from workflows.contracts.execution import FunctionCallInput
from zilliance.errors import InvalidInputError
from zilliance.mail import MailDeferredError, MailDoor

Row = dict[str, Any]


def mail(**arguments: object) -> Row:
    return {"tell": {"call": "send-email", "with": {"to": "ada@example.com", "subject": "Hello", **arguments}}}


async def test_a_message_goes_out_as_text_and_html(runner: Runner, office: PostOffice) -> None:
    to = [f"{runner.owner}@example.org", "Bea@Example.org"]
    row = await runner.run(mail(to=to, text="Good morning, Zoë", html="<p>Good morning</p>"))
    assert row["status"] == "completed", row["error"]
    [message] = office.to(to[0])
    assert office.envelopes[office.messages.index(message)] == [to[0], "Bea@example.org"]
    assert (message["From"], message["Subject"]) == ("Zilliance <no-reply@localhost>", "Hello")
    assert message["Message-ID"] == row["result_data"]["messageId"]
    assert message.get_body(("plain",)).get_content().strip() == "Good morning, Zoë"  # type: ignore[union-attr]
    assert message.get_body(("html",)).get_content().strip() == "<p>Good morning</p>"  # type: ignore[union-attr]


async def test_a_template_is_filled_and_in_html_escaped(runner: Runner, office: PostOffice) -> None:
    to = f"{runner.owner}@example.org"
    template = {"name": "<Ada & Co>", "n": 7, "gone": None}
    text = "Dear {{ name }}, {{n}} of {{ gone }}{{ missing }}{{ not-a-name }}"
    await runner.run(mail(to=to, subject="For {{ name }}", text=text, html="<p>{{ name }}</p>", template=template))
    [message] = office.to(to)
    assert message["Subject"] == "For <Ada & Co>"
    assert message.get_body(("plain",)).get_content().strip() == "Dear <Ada & Co>, 7 of {{ not-a-name }}"  # type: ignore[union-attr]
    assert "<p>&lt;Ada &amp; Co&gt;</p>" in message.get_body(("html",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "arguments",
    [
        {"subject": '${ "Hello\\r\\nBcc: eve@example.com" }'},
        {"subject": "Hello {{ x }}", "template": {"x": "\nBcc: eve@example.com"}},
        {"to": '${ "ada@example.com\\nBcc: eve@example.com" }'},
        {"to": "ada@example.com, eve@example.com"},
        {"to": "nobody"},
        {"to": "${ [] }"},
        {"to": '${ [range(21) | "a@example.com"] }'},
        {"subject": '${ "" }'},
    ],
)
async def test_what_could_be_another_header_or_no_address_is_refused(
    runner: Runner, office: PostOffice, arguments: Row
) -> None:
    definition = mail(text=str(runner.owner), **arguments)
    row = await runner.run(definition)
    assert (row["status"], row["error"]["status"]) == ("failed", 400), row["error"]
    assert not [message for message in office.messages if str(runner.owner) in message.as_string()]


async def test_a_message_needs_text_or_html(runner: Runner) -> None:
    with pytest.raises(InvalidInputError, match="text and html"):
        await runner.run(mail())


async def test_a_server_that_is_busy_is_asked_again(runner: Runner, office: PostOffice) -> None:
    to = f"{runner.owner}@example.org"
    office.refusals[to] = ["451 try later"]
    row = await runner.run(mail(to=to, text="x"))
    assert row["status"] == "completed", row["error"]
    assert len(office.to(to)) == 1


async def test_a_refusal_for_good_is_a_fault_at_once(runner: Runner, office: PostOffice) -> None:
    to = f"{runner.owner}@example.org"
    office.refusals[to] = ["554 not from you"]
    row = await runner.run(mail(to=to, text="x"))
    assert (row["status"], row["error"]["status"]) == ("failed", 400)


async def test_a_repeat_of_the_activity_sends_nothing_again(
    runner: Runner, office: PostOffice, resources: Resources
) -> None:
    to = f"{runner.owner}@example.org"
    row = await runner.run(mail(to=to, text="x"))
    activities = SmtpMailActivities(Postman(resources.database, MailDoor(resources.settings.mail)))
    call = FunctionCallInput(
        execution_id=UUID(row["id"]),
        owner_id=runner.owner,
        key="/do/0/tell#",
        name="send-email",
        arguments=f'{{"to": "{to}", "subject": "Hello", "text": "x"}}',
    )
    again = await ActivityEnvironment().run(activities.send, call)
    assert row["result_data"]["messageId"] in again
    assert len(office.to(to)) == 1


async def test_a_crash_after_the_sending_repeats_it_under_the_same_name(
    runner: Runner, office: PostOffice, resources: Resources
) -> None:
    to = f"{runner.owner}@example.org"
    row = await runner.run(mail(to=to, text="x"))
    await runner.rows.connection.execute(
        "UPDATE private.mails SET sent_at = NULL, text = 'x' WHERE execution_id = $1", UUID(row["id"])
    )
    postman = Postman(resources.database, MailDoor(resources.settings.mail))
    await postman.send(UUID(row["id"]), "/do/0/tell#")
    first, second = office.to(to)
    assert first["Message-ID"] == second["Message-ID"]


async def unsent(runner: Runner, number: int) -> UUID:
    """An execution with messages that have not gone out."""
    execution = await runner.rows.execution(runner.owner, await runner.define(mail(text="x")))
    await runner.rows.connection.execute(
        "INSERT INTO private.mails (user_id, execution_id, key, place, recipients, subject, text)"
        " SELECT $1::uuid, $2, 'k', place, ARRAY[place || '.' || $1::uuid || '@example.org'], 's', 'x'"
        " FROM generate_series(1, $3::integer) AS place",
        runner.owner,
        execution,
        number,
    )
    return execution


async def test_a_message_that_is_not_taken_now_holds_up_no_other(
    runner: Runner, office: PostOffice, resources: Resources
) -> None:
    execution = await unsent(runner, 2)
    office.refusals[f"1.{runner.owner}@example.org"] = ["451 try later"]
    postman = Postman(resources.database, MailDoor(resources.settings.mail))
    with pytest.raises(MailDeferredError):
        await postman.send(execution, "k")
    assert [len(office.to(f"{place}.{runner.owner}@example.org")) for place in (1, 2)] == [0, 1]
    assert await postman.send(execution, "k") == 1


async def test_messages_that_wait_take_turns(runner: Runner) -> None:
    execution = await unsent(runner, 20)
    statement = "SELECT id FROM private.unsent_mails(NULL, NULL, '0', 1)"
    assert len({await runner.rows.connection.fetchval(statement) for _ in range(20)}) > 1
    await runner.rows.connection.execute("DELETE FROM private.mails WHERE execution_id = $1", execution)


async def test_an_account_may_send_so_many_an_hour(runner: Runner, office: PostOffice) -> None:
    definition = await runner.define(mail(text="x"))
    for _ in range(10):
        execution = await runner.rows.execution(runner.owner, definition)
        await runner.rows.connection.execute(
            "INSERT INTO private.mails (user_id, execution_id, key, recipients, subject, sent_at)"
            " SELECT $1, $2, 'k', array_fill('a@example.com'::text, ARRAY[20]), 's', now()",
            runner.owner,
            execution,
        )
    row = await runner.run(mail(to=f"{runner.owner}@example.org", text="x"))
    assert (row["status"], row["error"]["status"]) == ("failed", 429)
    assert office.to(f"{runner.owner}@example.org") == []


async def test_what_was_sent_is_kept_without_its_text(runner: Runner) -> None:
    row = await runner.run(mail(text="a secret"))
    kept = await runner.rows.connection.fetchval(
        "SELECT row_to_json(m)::text FROM private.mails m WHERE execution_id = $1", UUID(row["id"])
    )
    assert "a secret" not in kept


async def test_messages_of_a_loop_are_one_each(runner: Runner, office: PostOffice) -> None:
    to = f"{runner.owner}@example.org"
    row = await runner.run({"each": {"for": {"in": "${ [1, 2, 3] }"}, "do": [mail(to=to, text='${ "\\($item)" }')]}})
    assert row["status"] == "completed", row["error"]
    assert sorted(message.get_content().strip() for message in office.to(to)) == ["1", "2", "3"]
