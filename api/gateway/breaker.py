"""A target that fails too often is left alone for a while; then one request tries it for all."""

from dataclasses import dataclass
from enum import Enum, auto

_SECONDS = 10  # the span over which failures are counted
_LEAST = 20  # requests in it, below which a ratio says nothing
_RATIO = 0.5
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 60.0
_LONGEST_PROBE = 60.0  # a caller who sends his body slowly must not keep it half-open for all others


class Outcome(Enum):
    """What a request says of its target."""

    ANSWERED = auto()
    FAILED = auto()
    UNKNOWN = auto()  # the caller went away, or what he sent could not be sent on


@dataclass(slots=True)
class _Second:
    number: int = 0
    total: int = 0
    failed: int = 0


class Breaker:
    """Of one endpoint, in one process. Nothing in it waits, so that between two requests it is always in order.

    Closed, it counts; when half of the requests of ten seconds failed, it opens. Open, it lets nobody through until
    its pause is over. Then one request is the probe, and all others are refused until that one has ended: an answer
    closes the breaker, a failure opens it again for twice as long. While one lasts for too long, another is the probe;
    an answer to either closes the breaker, for there are targets that take longer.
    """

    __slots__ = ("_era", "_first_probe", "_opened_until", "_pause", "_probing_until", "_seconds")

    def __init__(self) -> None:
        self._seconds = [_Second() for _ in range(_SECONDS)]
        self._opened_until: float | None = None
        self._pause = _FIRST_PAUSE
        self._probing_until: float | None = None
        self._era = 0
        self._first_probe = 0  # the era of the first one since it opened

    def refusal(self, now: float) -> float | None:
        """None: the request may go, and `ended` must be told of it with the era of this moment. Else seconds to wait.

        `now` is a clock that never goes back, in seconds.
        """
        if self._opened_until is None:
            return None
        if now < self._opened_until:
            return self._opened_until - now
        if self._probing_until is not None:
            if now < self._probing_until:
                return 1.0
            self._turn()
        self._probing_until = now + _LONGEST_PROBE
        return None

    @property
    def era(self) -> int:
        """Counts the changes of state: a request that began in another one says nothing of this one."""
        return self._era

    def ended(self, era: int, outcome: Outcome, now: float) -> None:
        """Tell how a request ended that was let through."""
        if era != self._era and not (self._is_probe(era) and outcome is Outcome.ANSWERED):
            return
        if self._opened_until is not None:
            self._probe_ended(outcome, now)
        elif outcome is not Outcome.UNKNOWN:
            self._count(outcome, now)

    def _is_probe(self, era: int) -> bool:
        return self._opened_until is not None and era >= self._first_probe

    def _probe_ended(self, outcome: Outcome, now: float) -> None:
        self._probing_until = None
        if outcome is Outcome.ANSWERED:
            self._opened_until, self._pause = None, _FIRST_PAUSE
            self._turn()
        elif outcome is Outcome.FAILED:
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            self._open(now)

    def _count(self, outcome: Outcome, now: float) -> None:
        number = int(now)
        second = self._seconds[number % _SECONDS]
        if second.number != number:
            second.number, second.total, second.failed = number, 0, 0
        second.total += 1
        if outcome is Outcome.ANSWERED:
            return
        second.failed += 1
        lately = [each for each in self._seconds if number - _SECONDS < each.number]
        total = sum(each.total for each in lately)
        if total >= _LEAST and sum(each.failed for each in lately) >= total * _RATIO:
            self._open(now)

    def _open(self, now: float) -> None:
        self._opened_until = now + self._pause
        self._turn()
        self._first_probe = self._era

    def _turn(self) -> None:
        self._era += 1
        self._seconds = [_Second() for _ in range(_SECONDS)]
