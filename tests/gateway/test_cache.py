"""What the gateway keeps of answers, for how long and for whom: by RFC 9111, within its bounds."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from api.gateway.cache import MOST_ANSWER_BYTES, Asked, Given, ResponseCache
from api.gateway.cache_rules import lifetime
from api.gateway.cache_store import Place

Headers = dict[str, str]

OWNER, ENDPOINT, VERSION = uuid4(), uuid4(), datetime(2026, 1, 1, tzinfo=UTC)
PLENTY = 64 * 1024 * 1024


def raw(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


@dataclass
class Gate:
    """A cache with a clock that a test moves, and what passes it."""

    most: int = PLENTY
    now: float = 1000.0
    cache: ResponseCache = field(init=False)

    def __post_init__(self) -> None:
        self.cache = ResponseCache(self.most, clock=lambda: self.now)

    def asked(self, path: str = "/orders", headers: Headers | None = None, **more: Any) -> Asked:
        usual = {"owner": OWNER, "endpoint": (ENDPOINT, VERSION), "seconds": 60, "method": "GET", "query": ""}
        asked = {**usual, **more}
        return Asked(
            Place(asked["owner"], path, asked["query"], *asked["endpoint"]),
            asked["seconds"],
            asked["method"],
            raw(headers or {}),
            asked.get("since", self.now),
        )

    def find(self, path: str = "/orders", headers: Headers | None = None, **more: Any) -> Given | None:
        return self.cache.find(self.asked(path, headers, **more))

    def passed(
        self,
        path: str = "/orders",
        answer: Headers | None = None,
        body: bytes = b"five",
        *,
        status: int = 200,
        is_complete: bool = True,
        **more: Any,
    ) -> None:
        """An answer of the target goes through."""
        received = raw({"Content-Length": str(len(body)), "Content-Type": "text/plain", **(answer or {})})
        passed = [each for each in received if each[0] != b"set-cookie"]
        with self.cache.recording(self.asked(path, **more), status, received=received, passed=passed) as recording:
            passed.append((b"ratelimit", b"of one caller"))
            for start in range(0, len(body), 65_536):
                recording.add(body[start : start + 65_536])
            recording.is_complete = is_complete


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_an_answer_is_given_again_with_its_age_until_its_time_is_over(gate: Gate) -> None:
    assert gate.find() is None
    gate.passed()
    gate.now += 59.5
    given = gate.find()
    assert given is not None
    assert (given.status, given.body) == (200, b"five")
    assert given.headers == [
        (b"content-type", b"text/plain"),
        (b"age", b"59"),
        (b"cache-status", b"zilliance; hit; ttl=0"),
        (b"content-length", b"4"),
    ]
    gate.now += 0.5
    assert gate.find() is None


@pytest.mark.parametrize(
    "other",
    [
        {"owner": uuid4()},
        {"endpoint": (uuid4(), VERSION)},
        {"endpoint": (ENDPOINT, datetime(2026, 1, 2, tzinfo=UTC))},
        {"query": "page=2"},
        {"path": "/orders/5"},
        {"seconds": 0},
        {"method": "POST"},
    ],
)
def test_an_answer_is_given_to_the_same_question_alone(gate: Gate, other: dict[str, Any]) -> None:
    gate.passed()
    assert gate.find() is not None
    assert gate.find(**other) is None


def test_an_endpoint_that_asks_for_no_cache_has_none(gate: Gate) -> None:
    gate.passed(seconds=0)
    assert gate.find() is None


def test_head_is_answered_from_what_get_left(gate: Gate) -> None:
    gate.passed(method="HEAD", body=b"")
    assert gate.find() is None
    gate.passed()
    given = gate.find(method="HEAD")
    assert given is not None
    assert (given.body, given.headers[-1]) == (b"", (b"content-length", b"4"))


@pytest.mark.parametrize(
    ("status", "answer", "seconds"),
    [
        (200, {}, 60),
        (200, {"Cache-Control": "max-age=10"}, 10),
        (200, {"Cache-Control": "MAX-AGE = 10 , public"}, 10),
        (200, {"Cache-Control": 'max-age="10"'}, 10),
        (200, {"Cache-Control": "max-age=10, s-maxage=20"}, 20),
        (200, {"Cache-Control": "max-age=10, max-age=5"}, 5),
        (200, {"Cache-Control": "max-age=7200"}, 60),
        (200, {"Cache-Control": "max-age=10", "Age": "4"}, 6),
        (200, {"Cache-Control": "max-age=10", "Age": "11"}, 0),
        (200, {"Cache-Control": "max-age=0"}, 0),
        (200, {"Cache-Control": "max-age=soon"}, 0),
        (200, {"Cache-Control": "max-age=-1"}, 0),
        (200, {"Cache-Control": "max-age=99999999999999999999"}, 60),
        (200, {"Cache-Control": "no-store"}, 0),
        (200, {"Cache-Control": "max-age=10, private"}, 0),
        (200, {"Cache-Control": 'private="x-mine", max-age=10'}, 0),
        (200, {"Cache-Control": "no-cache"}, 0),
        (200, {"Set-Cookie": "a=b"}, 0),
        (200, {"Set-Cookie": "a=b", "Cache-Control": "public, max-age=10"}, 0),
        (200, {"Vary": "*"}, 0),
        (200, {"Vary": "Accept, X-Forwarded-For"}, 0),
        (200, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT", "Expires": "Thu, 01 Jan 2026 00:00:30 GMT"}, 30),
        (200, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT", "Expires": "0"}, 0),
        (200, {"Date": "Thu, 01 Jan 2026 00:00:00", "Expires": "Thu, 01 Jan 2026 00:00:30 -0000"}, 30),
        (200, {"Expires": "Thu, 01 Jan 2026 00:00:30 GMT"}, 0),
        (404, {}, 0),
        (404, {"Cache-Control": "max-age=10"}, 10),
        (301, {"Cache-Control": "max-age=10"}, 10),
        (206, {"Cache-Control": "max-age=10"}, 0),
        (304, {"Cache-Control": "max-age=10"}, 0),
        (302, {"Cache-Control": "max-age=10"}, 0),
        (500, {"Cache-Control": "max-age=10"}, 0),
    ],
)
def test_how_long_an_answer_may_be_kept(status: int, answer: Headers, seconds: int) -> None:
    assert lifetime(status, raw({"Content-Length": "4", **answer}), 60) == seconds


def test_an_answer_that_ends_with_its_connection_is_not_kept() -> None:
    """Nobody can tell whether it was cut."""
    assert lifetime(200, raw({}), 60) == 0
    assert lifetime(200, raw({"Transfer-Encoding": "chunked"}), 60) == 60


@pytest.mark.parametrize(
    ("headers", "is_given"),
    [
        ({}, True),
        ({"Cache-Control": "max-age=30"}, True),
        ({"Cache-Control": "max-age=20"}, False),
        ({"Cache-Control": "no-cache"}, False),
        ({"Cache-Control": "no-store"}, False),
        ({"Pragma": "no-cache"}, False),
        ({"Pragma": "no-cache", "Cache-Control": "max-age=30"}, True),
        ({"Range": "bytes=0-1"}, False),
        ({"If-Match": '"v1"'}, False),
        ({"Authorization": "Bearer of.the.caller"}, True),
    ],
)
def test_a_caller_may_ask_for_a_new_answer(gate: Gate, headers: Headers, is_given: bool) -> None:
    gate.passed()
    gate.now += 25
    assert (gate.find(headers=headers) is not None) == is_given


@pytest.mark.parametrize("headers", [{"Cache-Control": "no-store"}, {"Range": "bytes=0-1"}])
def test_the_answer_to_who_wants_no_copy_or_a_part_is_not_kept(gate: Gate, headers: Headers) -> None:
    gate.passed(headers=headers)
    assert gate.find() is None


def test_a_new_answer_takes_the_place_of_the_old(gate: Gate) -> None:
    gate.passed()
    gate.passed(headers={"Cache-Control": "no-cache"}, body=b"six")
    given = gate.find()
    assert given is not None
    assert given.body == b"six"


@pytest.mark.parametrize(
    ("asked", "is_unchanged"),
    [
        ({"If-None-Match": '"v1"'}, True),
        ({"If-None-Match": 'W/"v1", "v0"'}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": '"v2"'}, False),
        ({"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}, True),
        ({"If-Modified-Since": "Thu, 01 Jan 2026 00:00:01 GMT"}, False),
        ({"If-None-Match": '"v2"', "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}, False),
    ],
)
def test_who_has_it_already_is_told_so(gate: Gate, asked: Headers, is_unchanged: bool) -> None:
    gate.passed(answer={"ETag": '"v1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})
    given = gate.find(headers=asked)
    assert given is not None
    assert (given.status, given.body) == ((304, b"") if is_unchanged else (200, b"five"))
    assert ((b"content-length", b"4") in given.headers) != is_unchanged
    assert (b"etag", b'"v1"') in given.headers


def test_answers_are_told_apart_by_what_vary_names(gate: Gate) -> None:
    for language in ("de", "en"):
        gate.passed(headers={"Accept-Language": language}, answer={"Vary": "Accept-Language"}, body=language.encode())
    found = [gate.find(headers={"Accept-Language": each}) for each in ("de", "en", "fr")]
    assert [given and given.body for given in found] == [b"de", b"en", None]
    assert gate.find() is None
    gate.passed(answer={"Vary": "Accept"})
    assert gate.find(headers={"Accept-Language": "de"}) is not None


def test_an_answer_that_was_cut_or_is_too_large_is_not_kept(gate: Gate) -> None:
    gate.passed(is_complete=False)
    assert gate.find() is None
    gate.passed(body=b"x" * (MOST_ANSWER_BYTES + 1))
    assert gate.find() is None
    gate.passed(body=b"x" * MOST_ANSWER_BYTES)
    assert gate.find() is not None


def test_an_error_on_the_way_leaves_nothing_behind(gate: Gate) -> None:
    headers = raw({"Content-Length": "4"})

    def break_off() -> None:
        with gate.cache.recording(gate.asked(), 200, received=headers, passed=headers) as recording:
            recording.add(b"fi")
            recording.is_complete = True
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert gate.find() is None
    gate.passed()
    assert gate.find() is not None


def test_one_copy_at_a_time_is_made_of_an_answer(gate: Gate) -> None:
    headers = raw({"Content-Length": "4"})
    with gate.cache.recording(gate.asked(), 200, received=headers, passed=headers) as first:
        first.add(b"four")
        gate.passed(body=b"five")
        assert gate.find() is None
        first.is_complete = True
    given = gate.find()
    assert given is not None
    assert given.body == b"four"


def test_who_reads_slowly_does_not_keep_an_answer_from_being_kept_for_others(gate: Gate) -> None:
    headers = raw({"Content-Length": "4"})
    with gate.cache.recording(gate.asked(), 200, received=headers, passed=headers) as slow:
        slow.add(b"four")
        gate.now += 6
        gate.passed(body=b"five")
        slow.is_complete = True
    given = gate.find()
    assert given is not None
    assert given.body == b"five"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_a_path_makes_go_what_is_kept_of_it(gate: Gate, method: str) -> None:
    other = uuid4()
    gate.passed(query="page=1")
    gate.passed(path="/else")
    gate.passed(owner=other)
    gate.passed(method=method, status=500, endpoint=(uuid4(), VERSION))
    assert gate.find(query="page=1") is not None
    gate.passed(method=method, status=204, endpoint=(uuid4(), VERSION), seconds=0, body=b"")
    assert gate.find(query="page=1") is None
    assert gate.find(path="/else") is not None
    assert gate.find(owner=other) is not None


def test_an_answer_from_before_a_change_that_comes_after_it_is_not_kept(gate: Gate) -> None:
    gate.now += 1
    gate.passed(method="PUT", endpoint=(uuid4(), VERSION), query="any")
    gate.now += 1
    gate.passed(since=gate.now - 1.5)
    gate.passed("/else", since=gate.now - 1.5)
    assert gate.find() is None
    assert gate.find("/else") is not None
    gate.passed(since=gate.now - 0.5)
    assert gate.find() is not None


def test_changes_that_are_forgotten_count_for_all_paths(gate: Gate) -> None:
    for number in range(1001):
        gate.now += 1
        gate.passed(f"/{number}", method="DELETE")
    gate.passed(since=1000.5)
    assert gate.find() is None
    gate.passed(since=1001.5)
    assert gate.find() is not None


def test_nobody_drives_out_what_others_keep() -> None:
    gate = Gate(most=100_000)
    modest, greedy = uuid4(), uuid4()
    gate.passed(owner=modest, body=b"x" * 10_000)
    for number in range(50):
        gate.passed(path=f"/{number}", owner=greedy, body=b"x" * 10_000)
    assert gate.find(owner=modest) is not None
    kept = [number for number in range(50) if gate.find(f"/{number}", owner=greedy)]
    assert kept == list(range(50 - len(kept), 50))
    assert 5 <= len(kept) <= 8


def test_what_was_used_last_stays_longest() -> None:
    gate = Gate(most=50_000)
    for path in ("/a", "/b", "/c"):
        gate.passed(path, body=b"x" * 12_000)
    assert gate.find("/a") is not None
    gate.passed("/d", body=b"x" * 12_000)
    assert [path for path in ("/a", "/b", "/c", "/d") if gate.find(path)] == ["/a", "/c", "/d"]


def test_variants_of_one_path_are_bounded(gate: Gate) -> None:
    for number in range(100):
        gate.passed(headers={"Accept": str(number)}, answer={"Vary": "Accept"})
    kept = [number for number in range(100) if gate.find(headers={"Accept": str(number)})]
    assert kept == list(range(80, 100))


def test_long_questions_take_room_too() -> None:
    gate = Gate(most=100_000)
    for number in range(50):
        gate.passed(query=f"{number:08000}", headers={"Accept": "x" * 1000}, answer={"Vary": "Accept"})
    kept = [number for number in range(50) if gate.find(query=f"{number:08000}", headers={"Accept": "x" * 1000})]
    assert kept == list(range(50 - len(kept), 50))
    assert 5 <= len(kept) <= 10


def test_what_is_on_its_way_is_bounded() -> None:
    gate = Gate(most=4 * 100_000)
    headers = raw({"Content-Length": "60000"})

    def recording(path: str) -> Any:
        return gate.cache.recording(gate.asked(path), 200, received=headers, passed=headers)

    with recording("/a") as first, recording("/b") as second:
        for each in (first, second):
            each.add(b"x" * 60_000)
            each.is_complete = True
    assert gate.find("/a") is not None
    assert gate.find("/b") is None
    gate.passed("/b", body=b"x" * 60_000)
    assert gate.find("/b") is not None


def test_who_reads_slowly_does_not_keep_answers_of_others_from_being_kept() -> None:
    gate = Gate(most=4 * 100_000)
    headers = raw({"Content-Length": "10000"})
    with ExitStack() as slow:
        for number in range(20):
            asked = gate.asked(f"/slow/{number}", owner=uuid4() if number < 2 else OWNER)
            recording = slow.enter_context(gate.cache.recording(asked, 200, received=headers, passed=headers))
            recording.add(b"x" * 10_000)
        other = uuid4()
        gate.passed(owner=other, body=b"x" * 10_000)
        assert gate.find(owner=other) is not None
    gate.passed(body=b"x" * 40_000)  # all of it is there again
    assert gate.find() is not None


def test_a_cache_of_no_bytes_keeps_nothing() -> None:
    gate = Gate(most=0)
    gate.passed()
    assert gate.find() is None
