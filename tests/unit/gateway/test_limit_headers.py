"""The headers in which limits are told."""

from dataclasses import replace

from api.gateway.admission import Admission
from api.gateway.limit_headers import limit_headers
from api.gateway.limits import Limit

KEY = Limit("key", 100, 60, 42, 7.2)
ENDPOINT = Limit("endpoint", 1000, 60, 900, 0.4)
DAY = Limit("day", 5000, 86_400, 12, 3600.0)
ADMITTED = Admission(
    outcome="admitted",
    refusal=None,
    user_id=None,
    key_id=None,
    endpoint_id=None,
    target_url="",
    segments=(),
    timeout_ms=0,
    sealed_headers="{}",
    cache_seconds=0,
    endpoint_version=None,
    limits=(KEY, ENDPOINT),
    retry_after=None,
)


def test_every_limit_is_told_and_the_scarcest_to_older_clients() -> None:
    assert limit_headers(replace(ADMITTED, limits=(KEY, ENDPOINT, DAY))) == [
        (b"ratelimit-policy", b'"key";q=100;w=60, "endpoint";q=1000;w=60, "day";q=5000;w=86400'),
        (b"ratelimit", b'"key";r=42;t=8, "endpoint";r=900;t=1, "day";r=12;t=3600'),
        (b"x-ratelimit-limit", b"5000"),
        (b"x-ratelimit-remaining", b"12"),
        (b"x-ratelimit-reset", b"3600"),
    ]


def test_of_two_that_are_reached_the_later_one_counts() -> None:
    reached = replace(
        ADMITTED, limits=(replace(KEY, remaining=0), replace(ENDPOINT, remaining=0, reset=30.1)), retry_after=30.1
    )
    headers = dict(limit_headers(reached))
    assert (headers[b"x-ratelimit-limit"], headers[b"x-ratelimit-reset"], headers[b"retry-after"]) == (
        b"1000",
        b"31",
        b"31",
    )


def test_nobody_is_told_to_come_back_at_once() -> None:
    soon = replace(ADMITTED, limits=(replace(KEY, remaining=0, reset=0.001),), retry_after=0.0)
    assert dict(limit_headers(soon))[b"retry-after"] == b"1"


def test_who_came_to_no_limit_is_told_of_none() -> None:
    assert limit_headers(replace(ADMITTED, limits=())) == []
