"""Headers that owners configure: what is shown of them, what is kept, and what is refused."""

import uuid

import orjson
import pytest

from api.gateway.configured_headers import MASK, masked, write_headers
from api.gateway.sealed_headers import open_headers
from zilliance.errors import InvalidInputError
from zilliance.sealing import Sealer

OWNER = str(uuid.uuid4())
SEALER = Sealer(["a key"])


def test_of_a_long_value_its_end_is_shown_and_of_a_short_one_nothing() -> None:
    assert masked("sk-live-0123456789abcdef") == f"{MASK}cdef"
    assert masked("short") == MASK


def test_what_is_written_is_sealed_and_what_is_written_as_it_is_shown_is_left_to_what_is_there() -> None:
    written = write_headers({"Authorization": "Bearer 0123456789", "X-Old": f"{MASK}9876"}, OWNER, SEALER)
    assert written["X-Old"] == f"{MASK}9876"
    fresh = written["Authorization"]
    assert isinstance(fresh, dict)
    assert fresh["shown"] == f"{MASK}6789"
    sealed = orjson.dumps({"Authorization": fresh["sealed"]})
    assert open_headers(SEALER, OWNER, sealed) == {"Authorization": "Bearer 0123456789"}


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (["X-A"], "must be an object"),
        ("X-A: b", "must be an object"),
        ({"X-A": 1}, "X-A must be text"),
        ({"X-A": None}, "X-A must be text"),
        ({"X A": "b"}, "not the name of a header"),
        ({"": "b"}, "not the name of a header"),
        ({"X-A\r\nX-B": "b"}, "not the name of a header"),
        ({"X-A": "b\r\nX-B: c"}, "line break"),
        ({"X-A": "b\nc"}, "line break"),
        ({"X-A": "\x00"}, "control character"),
        ({"X-A": "\ud800"}, "control character"),
        ({"Connection": "close"}, "set by the platform"),
        ({"transfer-encoding": "chunked"}, "set by the platform"),
        ({"Content-Length": "3"}, "set by the platform"),
        ({"Host": "example.com"}, "set by the platform"),
        ({"Upgrade": "h2c"}, "set by the platform"),
        ({"X-Forwarded-For": "10.0.0.1"}, "set by the platform"),
        ({"Forwarded": "for=10.0.0.1"}, "set by the platform"),
        ({"X-Request-Id": "1"}, "set by the platform"),
        ({"X-A": "1", "x-a": "2"}, "twice"),
        ({f"X-{n}": "1" for n in range(51)}, "more than 50"),
        ({"X-A": "a" * 4097}, "too long"),
        ({"X" * 101: "a"}, "too long"),
        ({f"X-{n}": "ä" * 2000 for n in range(5)}, "larger than 16 KiB"),
    ],
)
def test_what_cannot_be_sent_or_is_the_platforms_to_set_is_refused(headers: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said) as refusal:
        write_headers(headers, OWNER, SEALER)
    assert (refusal.value.status, refusal.value.code) == (400, "INVALID_HEADERS")
    assert "\r" not in refusal.value.message
