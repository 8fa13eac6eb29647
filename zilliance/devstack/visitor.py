"""A new user of the demonstration, with nothing but an address and the anon key."""

import json
import urllib.error
import urllib.request
from typing import Any

ANSWER_SECONDS = 60


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
        return self.open_at(self._api_url + path)

    @staticmethod
    def open_at(url: str) -> bytes:
        """The same, by the whole address."""
        return _fetched("GET", url, None, {})


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


def rows_of(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not answer:
        message = f"a row should have come back, and did not: {str(answer)[:300]}"  # pyright: ignore[reportUnknownArgumentType]
        raise DemoError(message)
    return answer  # pyright: ignore[reportUnknownVariableType]


def member_of(answer: Any, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        message = f"the answer has no {name}: {str(answer)[:300]}"  # pyright: ignore[reportUnknownArgumentType]
        raise DemoError(message)
    return answer[name]  # pyright: ignore[reportUnknownVariableType]
