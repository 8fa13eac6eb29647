"""The main job as a new user would do it: sign up, run a workflow, see a failing step rolled back, share a file."""

import asyncio
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from zilliance.devstack.foreground import run
from zilliance.devstack.stack import Stack

ANSWER_SECONDS = 60

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


class DemoError(Exception):
    """A step of the demonstration did not do what it should; the message says what was seen."""


class Visitor:
    """Somebody with a browser: the anon key, and after the sign-up a token."""

    def __init__(self, api_url: str, anon_key: str) -> None:
        self._api_url = api_url
        self._headers = {"apikey": anon_key, "Authorization": f"Bearer {anon_key}", "Content-Type": "application/json"}

    def sign_in(self, token: str) -> None:
        self._headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; the JSON of its answer. Raises DemoError unless the status is a success."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        text = _fetched(method, self._api_url + path, data, {**self._headers, **headers})
        try:
            return json.loads(text or b"null")
        except ValueError as error:
            message = f"{method} {path} answered no JSON: {text[:500]!r}"
            raise DemoError(message) from error

    def open(self, path: str) -> bytes:
        """What anybody gets who follows a link, with no key and no token."""
        return _fetched("GET", self._api_url + path, None, {})


def _fetched(method: str, url: str, data: bytes | None, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310  our own API
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        message = f"{method} {url} answered {error.code}: {error.read().decode(errors='replace')[:500]}"
        raise DemoError(message) from error
    except OSError as error:
        message = f"{method} {url} failed: {error}"
        raise DemoError(message) from error


class Demo:
    """The steps, in order; each returns the line that says what came of it."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._known = known
        self._visitor = Visitor(known["api_url"], known["anon_key"])
        self._workflow: dict[str, Any] = {}
        self._execution: dict[str, Any] = {}
        self._user_id = ""
        self._link = ""

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("sign up", self._sign_up),
            ("define a workflow", self._define),
            ("run it; its third step fails", self._execute),
            ("see what was rolled back", self._see_rollback),
            ("upload a file and share it", self._share_file),
        ]

    def links(self) -> str:
        run_id = quote(f"execute-workflow/{self._execution.get('id', '')}", safe="")
        return (
            f"  the run in Temporal  {self._known['temporal_ui_url']}/namespaces/default/workflows/{run_id}\n"
            f"  the shared file      {self._known['api_url']}{self._link}\n"
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
        self._visitor.sign_in(_member(session, "access_token"))
        self._user_id = _member(_member(session, "user"), "id")
        (profile,) = _rows(self._visitor.send("GET", "/rest/v1/profiles?select=first_name&limit=1"))
        return f"{email}; profile of {profile.get('first_name')}"

    def _define(self) -> str:
        body = {"name": "Win a customer", "config": DEFINITION}
        (self._workflow,) = _rows(
            self._visitor.send("POST", "/rest/v1/workflows", body, Prefer="return=representation")
        )
        return f"workflow {self._workflow['id']}"

    def _execute(self) -> str:
        body = {"workflowId": self._workflow["id"], "triggerData": {"company": "Analytical Engines"}}
        self._execution = self._visitor.send("POST", "/functions/v1/execute-workflow", body)
        if _member(self._execution, "status") != "failed":
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

    def _share_file(self) -> str:
        """Into the private bucket, and out again through a link that its owner signs for an hour."""
        name, content = f"documents/{self._user_id}/welcome.txt", b"Welcome to Zilliance\n"
        headers = {"Content-Type": "text/plain", "x-upsert": "true"}
        self._visitor.send("POST", f"/storage/v1/object/{name}", content, **headers)
        signed = self._visitor.send("POST", f"/storage/v1/object/sign/{name}", {"expiresIn": 3600})
        self._link = f"/storage/v1{_member(signed, 'signedURL')}"
        seen = self._visitor.open(self._link)
        if seen != content:
            message = f"the shared file should be {content!r}, and is {seen[:100]!r}"
            raise DemoError(message)
        return f"{len(content)} bytes, private; a signed link opens it for an hour"


def demo(*, once: bool) -> int:
    """`zilliance demo`: 0 only if every step worked."""

    async def work(stack: Stack) -> int:
        failed = not await asyncio.to_thread(_play, Demo(stack.describe()))
        if not once and not failed:
            print("everything is left running; Ctrl-C stops it", flush=True)
            await _until_cancelled()
        return 1 if failed else 0

    return run(work)


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


def _rows(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not answer:
        message = f"a row should have come back, and did not: {str(answer)[:300]}"  # pyright: ignore[reportUnknownArgumentType]
        raise DemoError(message)
    return answer  # pyright: ignore[reportUnknownVariableType]


def _member(answer: Any, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        message = f"the answer has no {name}: {str(answer)[:300]}"  # pyright: ignore[reportUnknownArgumentType]
        raise DemoError(message)
    return answer[name]  # pyright: ignore[reportUnknownVariableType]
