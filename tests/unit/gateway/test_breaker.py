"""When a target is left alone, and how it comes back."""

import asyncio
from collections.abc import Callable

import pytest

from api.gateway.breaker import Breaker, Outcome

ANSWERED, FAILED, UNKNOWN = Outcome.ANSWERED, Outcome.FAILED, Outcome.UNKNOWN


def tell(breaker: Breaker, outcome: Outcome, now: float, times: int = 1) -> None:
    for _ in range(times):
        assert breaker.refusal(now) is None
        breaker.ended(breaker.era, outcome, now)


@pytest.fixture
def opened() -> Breaker:
    breaker = Breaker()
    tell(breaker, FAILED, 100.0, 20)
    return breaker


def test_half_of_twenty_requests_must_fail_before_it_opens() -> None:
    breaker = Breaker()
    tell(breaker, ANSWERED, 100.0, 11)
    tell(breaker, FAILED, 101.0, 10)
    assert breaker.refusal(101.0) is None
    breaker.ended(breaker.era, FAILED, 101.0)
    assert breaker.refusal(101.0) == 5.0


def test_a_few_failures_say_nothing() -> None:
    breaker = Breaker()
    tell(breaker, FAILED, 100.0, 19)
    assert breaker.refusal(100.0) is None


def test_what_is_ten_seconds_old_no_longer_counts() -> None:
    breaker = Breaker()
    tell(breaker, FAILED, 100.0, 19)
    tell(breaker, FAILED, 110.0, 19)
    assert breaker.refusal(110.0) is None


def test_requests_whose_callers_went_away_do_not_count() -> None:
    breaker = Breaker()
    tell(breaker, UNKNOWN, 100.0, 100)
    tell(breaker, FAILED, 100.0, 19)
    assert breaker.refusal(100.0) is None


def test_nobody_gets_through_before_the_pause_is_over(opened: Breaker) -> None:
    assert opened.refusal(104.9) == pytest.approx(0.1)


def test_exactly_one_tries_it_for_all(opened: Breaker) -> None:
    assert [opened.refusal(105.0) for _ in range(100)] == [None, *[1.0] * 99]


def test_an_answer_to_the_probe_closes_it(opened: Breaker) -> None:
    tell(opened, ANSWERED, 105.0)
    tell(opened, FAILED, 105.0, 19)
    assert opened.refusal(105.0) is None


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_minute(opened: Breaker) -> None:
    now = 105.0
    for pause in (10.0, 20.0, 40.0, 60.0, 60.0):
        tell(opened, FAILED, now)
        assert opened.refusal(now) == pause
        now += pause


def test_a_probe_that_says_nothing_lets_another_one_go(opened: Breaker) -> None:
    tell(opened, UNKNOWN, 105.0)
    assert [opened.refusal(105.0), opened.refusal(105.0)] == [None, 1.0]


@pytest.mark.parametrize("outcome", [ANSWERED, FAILED])
def test_requests_from_before_it_opened_neither_close_nor_open_it(outcome: Outcome) -> None:
    breaker = Breaker()
    before = breaker.era
    tell(breaker, FAILED, 100.0, 20)
    breaker.ended(before, outcome, 101.0)
    assert breaker.refusal(101.0) == 4.0
    assert breaker.refusal(105.0) is None  # the probe
    breaker.ended(before, outcome, 105.0)
    assert breaker.refusal(105.0) == 1.0  # and it alone decides


async def test_one_probe_goes_among_many_that_come_together(opened: Breaker) -> None:
    went = 0

    async def come(clock: Callable[[], float]) -> None:
        nonlocal went
        if opened.refusal(clock()) is None:
            went += 1
            era = opened.era
            await asyncio.sleep(0)
            opened.ended(era, FAILED, clock())

    await asyncio.gather(*(come(lambda: 105.0) for _ in range(200)))
    assert went == 1


def test_a_probe_that_never_ends_does_not_keep_it_half_open(opened: Breaker) -> None:
    assert opened.refusal(105.0) is None
    stalled = opened.era
    assert opened.refusal(164.0) == 1.0
    assert opened.refusal(165.0) is None
    probe = opened.era
    opened.ended(stalled, UNKNOWN, 166.0)  # it says nothing any more, and lets nobody else through
    assert opened.refusal(166.0) == 1.0
    opened.ended(probe, ANSWERED, 167.0)
    opened.ended(stalled, FAILED, 168.0)
    assert opened.refusal(168.0) is None


def test_a_target_that_takes_longer_than_a_probe_may_is_believed_when_it_answers(opened: Breaker) -> None:
    assert opened.refusal(105.0) is None
    slow = opened.era
    assert opened.refusal(165.0) is None
    next_one = opened.era
    opened.ended(slow, ANSWERED, 195.0)
    assert [opened.refusal(195.0) for _ in range(3)] == [None] * 3
    opened.ended(next_one, FAILED, 200.0)  # it was let through before it closed
    assert opened.refusal(200.0) is None
