"""The step of the demonstration that publishes an endpoint behind a key, and calls it until its limit is reached."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from zilliance.devstack.ports import LOOPBACK
from zilliance.devstack.visitor import DemoError, Visitor, member_of, rows_of

SERVICE = "https://weather.example.com"
SERVICE_KEY = "demo-5b1d0c7e4f9a63"  # what the service wants to see, and callers of the gateway never do
LIMIT = 3
ANSWER_SECONDS = 30
LOG_SECONDS = 30


class _Weather(BaseHTTPRequestHandler):
    """Tells the weather to whoever has the service's key."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        known = self.headers.get("X-Service-Key") == SERVICE_KEY
        told = {"city": self.path.rpartition("/")[2], "sky": "cloudy"} if known else {"error": "who are you?"}
        body = json.dumps(told).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it
        """Nothing: the demonstration says itself what happens."""


@contextmanager
def weather_service() -> Generator[str]:
    """A service that somebody else might run, in this process; its address, for which SERVICE is to stand."""
    server = ThreadingHTTPServer((LOOPBACK, 0), _Weather)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def show_gateway(visitor: Visitor, api_url: str) -> tuple[str, str]:
    """What came of it, and a command that calls the endpoint. Raises DemoError."""
    endpoint = {
        "name": "The weather",
        "path": "/weather/{city}",
        "target_url": f"{SERVICE}/v1/{{city}}",
        "rate_limit": LIMIT,
        "headers": {"X-Service-Key": SERVICE_KEY},
    }
    (made,) = rows_of(visitor.send("POST", "/rest/v1/api_endpoints", endpoint, Prefer="return=representation"))
    key = str(member_of(visitor.send("POST", "/rest/v1/rpc/create_api_key", {"name": "A front end"}), "key"))
    url = f"{api_url}/gateway/v1/weather/London"
    calls = [_call(url, key) for _ in range(LIMIT + 1)]
    (_, body, _), (_, _, wait) = calls[0], calls[-1]
    statuses = [status for status, _, _ in calls]
    if statuses != [200] * LIMIT + [429] or json.loads(body).get("sky") != "cloudy":
        message = f"the gateway should have let {LIMIT} calls through, and answered {statuses}: {body[:300]!r}"
        raise DemoError(message)
    if _logged(visitor, made["id"], len(calls)) != sorted(statuses):
        message = f"the gateway's log should have {sorted(statuses)}"
        raise DemoError(message)
    shown = made["headers"]["X-Service-Key"]
    said = f"{LIMIT} calls answered, the next 429 for {wait} s; all in the log; the service's key reads {shown}"
    return said, f"curl -H 'x-api-key: {key}' {url}"


def _call(url: str, key: str) -> tuple[int, bytes, str | None]:
    """As a stranger with the key would; status, body and Retry-After."""
    request = urllib.request.Request(url, headers={"x-api-key": key})  # noqa: S310  our own API
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            return answer.status, answer.read(), answer.headers.get("Retry-After")
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers.get("Retry-After")
    except OSError as error:
        message = f"GET {url} failed: {error}"
        raise DemoError(message) from error


def _logged(visitor: Visitor, endpoint_id: str, number: int) -> list[int]:
    """The statuses in the log, once there are so many: it is written every second."""
    rows: list[dict[str, Any]] = []
    until = time.monotonic() + LOG_SECONDS
    while len(rows) < number and time.monotonic() < until:
        time.sleep(0.1)
        rows = visitor.send("GET", f"/rest/v1/api_requests?select=status_code&endpoint_id=eq.{endpoint_id}")
    return sorted(row["status_code"] for row in rows)
