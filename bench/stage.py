"""What every benchmark stands on: a platform of its own in a new home, and a person signed up on it."""

import json
import tempfile
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zilliance.devstack import FREE_PORTS, Stack


@dataclass(frozen=True)
class Person:
    """A signed-in account and how to speak for it."""

    url: str
    headers: dict[str, str]

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """One request; the answer's JSON. Raises urllib.error.HTTPError."""
        message = urllib.request.Request(  # noqa: S310
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={**self.headers, "Content-Type": "application/json", **headers},
        )
        with urllib.request.urlopen(message, timeout=60) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def insert(self, table: str, rows: object) -> Any:
        return self.call("POST", f"/rest/v1/{table}", rows, Prefer="return=representation")


@asynccontextmanager
async def platform(**settings: str) -> AsyncGenerator[Stack]:
    """The whole platform in a folder that goes away, with further settings by their variables' names."""
    with tempfile.TemporaryDirectory(prefix="zb") as folder:
        async with Stack(Path(folder) / "home", {**FREE_PORTS, **settings}) as stack:
            yield stack


def sign_up(stack: Stack, email: str = "bench@example.com") -> Person:
    facts = stack.describe()
    key = facts["anon_key"]
    stranger = Person(facts["api_url"], {"apikey": key})
    session = stranger.call("POST", "/auth/v1/signup", {"email": email, "password": "a long enough password"})
    return Person(facts["api_url"], {"apikey": key, "Authorization": f"Bearer {session['access_token']}"})
