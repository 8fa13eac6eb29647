"""The main job as a new user would do it: workflows that fail, mend and react, a tutorial, files, the gateway."""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from zilliance.devstack.demo_gateway import SERVICE, show_gateway, weather_service
from zilliance.devstack.demo_video import show_video
from zilliance.devstack.foreground import run
from zilliance.devstack.stack import Stack
from zilliance.devstack.visitor import DemoError, Visitor, member_of, rows_of

WAIT_SECONDS = 30
ENDED = ("completed", "failed", "cancelled")

# The second task's row and then the first one's are taken back, because the third task fails.
DEFINITION: dict[str, Any] = {
    "do": [
        {
            "addContact": {
                "call": "create-row",
                "with": {"table": "contacts", "values": {"type": "company", "company_name": "${ .company }"}},
                "export": {"as": "${ {contact: .id} }"},
            }
        },
        {
            "openDeal": {
                "call": "create-row",
                "with": {"table": "deals", "values": {"contact_id": "${ $context.contact }", "title": "First order"}},
            }
        },
        {
            "checkCredit": {
                "raise": {
                    "error": {
                        "type": "https://example.com/errors/no-credit",
                        "status": 402,
                        "title": "No credit",
                        "detail": "The bank refused this company",
                    }
                }
            }
        },
    ]
}


# A row of the owner's sets it off; the event that it is started with holds the row.
WELCOME: dict[str, Any] = {
    "schedule": {"on": {"one": {"with": {"type": "contact.created"}}}},
    "do": [
        {
            "planCall": {
                "call": "create-row",
                "with": {
                    "table": "activities",
                    "values": {
                        "type": "call",
                        "title": '${ "Welcome " + .[0].data.record.first_name }',
                        "contact_id": "${ .[0].subject }",
                    },
                },
            }
        }
    ],
}


class Demo:
    """The steps, in order; each returns the line that says what came of it."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._known = known
        self._visitor = Visitor(known["api_url"], known["anon_key"])
        self._workflow: dict[str, Any] = {}
        self._execution: dict[str, Any] = {}
        self._user_id = ""
        self._link = ""
        self._tutorial_id = ""
        self._player = ""
        self._curl = ""

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("sign up", self._sign_up),
            ("define a workflow", self._define),
            ("run it; its third step fails", self._execute),
            ("see what was rolled back", self._see_rollback),
            ("correct it and retry", self._retry_corrected),
            ("let a new row start a workflow", self._react_to_a_row),
            ("have a tutorial written", self._have_written),
            ("upload a file and share it", self._share_file),
            ("upload a video and process it", self._process_video),
            ("publish and call an endpoint", self._publish),
        ]

    def links(self) -> str:
        run_id = quote(f"execute-workflow/{self._execution.get('id', '')}", safe="")
        return (
            f"  the run in Temporal  {self._known['temporal_ui_url']}/namespaces/default/workflows/{run_id}\n"
            f"  the shared file      {self._known['api_url']}{self._link}\n"
            f"  the tutorial         {self._known['api_url']}/tutorials/v1/{self._tutorial_id}/html\n"
            f"  the video (HLS)      {self._player}\n"
            f"  through the gateway  {self._curl}\n"
            f"  API documentation    {self._known['api_url']}/docs\n"
            f"  mail                 {self._known['mail_url']}"
        )

    def _sign_up(self) -> str:
        email = f"ada.{secrets.token_hex(4)}@example.com"
        body = {
            "email": email,
            "password": secrets.token_urlsafe(16),
            "data": {"first_name": "Ada", "last_name": "Lovelace"},
        }
        session = self._visitor.send("POST", "/auth/v1/signup", body)
        self._visitor.sign_in(member_of(session, "access_token"))
        self._user_id = member_of(member_of(session, "user"), "id")
        (profile,) = rows_of(self._visitor.send("GET", "/rest/v1/profiles?select=first_name&limit=1"))
        return f"{email}; profile of {profile.get('first_name')}"

    def _define(self) -> str:
        body = {"name": "Win a customer", "config": DEFINITION}
        (self._workflow,) = rows_of(
            self._visitor.send("POST", "/rest/v1/workflows", body, Prefer="return=representation")
        )
        return f"workflow {self._workflow['id']}"

    def _execute(self) -> str:
        body = {"workflowId": self._workflow["id"], "triggerData": {"company": "Analytical Engines"}}
        self._execution = self._visitor.send("POST", "/functions/v1/execute-workflow", body)
        if member_of(self._execution, "status") != "failed":
            message = f"the execution should have failed at checkCredit, and is {self._execution}"
            raise DemoError(message)
        tasks = ", ".join(f"{task['name']} {task['status']}" for task in self._execution["tasks"])
        return f"{self._execution['status']} in {self._execution.get('duration_ms')} ms: {tasks}"

    def _see_rollback(self) -> str:
        result: dict[str, Any] = self._execution.get("result_data") or {}
        rollback: dict[str, Any] = result.get("rollback") or {}
        left = [table for table in ("contacts", "deals") if self._visitor.send("GET", f"/rest/v1/{table}?select=id")]
        if rollback.get("status") != "completed" or left:
            message = (
                f"the rollback should be completed and leave no row, and is {rollback}; rows left in: {left or 'none'}"
            )
            raise DemoError(message)
        undone = ", ".join(str(step.get("reference")) for step in rollback.get("steps", []))
        return f"{rollback['status']}: {undone}; no contact and no deal is left"

    def _retry_corrected(self) -> str:
        """A new version without the step that failed; what was rolled back is done again, and stays this time."""
        corrected = {"config": {"do": DEFINITION["do"][:2]}}
        self._visitor.send("PATCH", f"/rest/v1/workflows?id=eq.{self._workflow['id']}", corrected)
        path = f"/workflows/v1/executions/{self._execution['id']}/retry"
        begun = self._visitor.send("POST", path, {"from": "failed", "version": "latest"})
        execution = self._ended(f"id=eq.{member_of(begun, 'id')}")
        (deal,) = rows_of(self._visitor.send("GET", "/rest/v1/deals?select=title,contact:contacts(company_name)"))
        company = deal["contact"]["company_name"]
        return f"version {execution['version']} {execution['status']}: {deal['title']} of {company}"

    def _react_to_a_row(self) -> str:
        """A definition that waits for `contact.created`, and a contact."""
        body = {"name": "Welcome", "config": WELCOME}
        (definition,) = rows_of(self._visitor.send("POST", "/rest/v1/workflows", body, Prefer="return=representation"))
        self._visitor.send("POST", "/rest/v1/contacts", {"type": "individual", "first_name": "Grace"})
        execution = self._ended(f"workflow_id=eq.{definition['id']}")
        (task,) = rows_of(self._visitor.send("GET", "/rest/v1/activities?select=title"))
        return f"trigger {execution['trigger']}, {execution['status']}: {task['title']}"

    def _ended(self, query: str) -> dict[str, Any]:
        """The one execution that the query finds, once it has completed."""
        found: list[dict[str, Any]] = []
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            found = self._visitor.send("GET", f"/rest/v1/workflow_executions?{query}")
            if found and found[0]["status"] in ENDED:
                if found[0]["status"] == "completed":
                    return found[0]
                break
            time.sleep(0.1)
        message = f"an execution should have completed within {WAIT_SECONDS} s, and is {found}"
        raise DemoError(message)

    def _have_written(self) -> str:
        """Written by a model, or by the stand-in where none is set up; published, so that its link opens."""
        body = {"topic": "How a message reaches its reader", "level": "beginner", "steps": 3}
        tutorial = self._visitor.send("POST", "/functions/v1/generate-tutorial", body)
        self._tutorial_id = member_of(tutorial, "id")
        titles = [step["title"] for step in member_of(tutorial, "steps")]
        (run,) = self._visitor.send("GET", "/tutorials/v1/runs?limit=1")["items"]
        self._visitor.send("PATCH", f"/rest/v1/tutorials?id=eq.{self._tutorial_id}", {"status": "published"})
        page = self._visitor.open(f"/tutorials/v1/{self._tutorial_id}/html")
        if len(titles) != body["steps"] or run["status"] != "completed" or not page.startswith(b"<!doctype html>"):
            message = f"the tutorial should have 3 steps and a page, and is {tutorial}; its run is {run}"
            raise DemoError(message)
        usage = run["usage"]
        tokens = f"{usage['prompt_tokens']} + {usage['completion_tokens']} tokens in {usage['calls']} calls"
        return f"{tutorial['title']!r} by {tutorial['model']}: {'; '.join(titles)}; {tokens}"

    def _share_file(self) -> str:
        """Into the private bucket, and out again through a link that its owner signs for an hour."""
        name, content = f"documents/{self._user_id}/welcome.txt", b"Welcome to Zilliance\n"
        headers = {"Content-Type": "text/plain", "x-upsert": "true"}
        self._visitor.send("POST", f"/storage/v1/object/{name}", content, **headers)
        signed = self._visitor.send("POST", f"/storage/v1/object/sign/{name}", {"expiresIn": 3600})
        self._link = f"/storage/v1{member_of(signed, 'signedURL')}"
        seen = self._visitor.open(self._link)
        if seen != content:
            message = f"the shared file should be {content!r}, and is {seen[:100]!r}"
            raise DemoError(message)
        return f"{len(content)} bytes, private; a signed link opens it for an hour"

    def _process_video(self) -> str:
        seen, self._player = show_video(self._visitor, self._user_id)
        return seen

    def _publish(self) -> str:
        seen, self._curl = show_gateway(self._visitor, self._known["api_url"])
        return seen


def demo(*, once: bool) -> int:
    """`zilliance demo`: 0 only if every step worked."""

    async def work(stack: Stack) -> int:
        failed = not await asyncio.to_thread(_play, Demo(stack.describe()))
        if not once and not failed:
            print("everything is left running; Ctrl-C stops it", flush=True)
            await _until_cancelled()
        return 1 if failed else 0

    with weather_service() as address:
        return run(work, overrides={"ZILLIANCE_EGRESS_MAP": f"{SERVICE}={address}"})


def _play(story: Demo) -> bool:
    print("\nthe main job, as a new user:", flush=True)
    for number, (name, step) in enumerate(story.steps(), start=1):
        try:
            print(f"  {number}. {name:<30} {step()}", flush=True)
        except DemoError as error:
            print(f"  {number}. {name:<30} FAILED: {error}", flush=True)
            return False
    print(story.links(), flush=True)
    return True


async def _until_cancelled() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return  # a demonstration that worked and was left running ends well
