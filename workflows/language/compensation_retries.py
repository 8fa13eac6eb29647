"""How often, and after which pauses, an author's own undo is tried: `metadata.compensateRetry`."""

from dataclasses import dataclass

from workflows.language.durations import ANY_DAY, parse_duration, seconds_of
from workflows.language.shapes import as_map, part

ATTEMPTS = 5
FIRST_DELAY_SECONDS = 1.0
MOST_ATTEMPTS = 20
LONGEST_PAUSE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class CompensationRetry:
    """A compiled policy: constants only, since it outlives the task that it stands at."""

    attempts: int = ATTEMPTS
    delay: float = FIRST_DELAY_SECONDS
    backoff: str = "exponential"

    def pause_before(self, retry: int) -> float:
        """Seconds before the n-th retry, counted from 1."""
        factors: dict[str, float] = {"constant": 1.0, "linear": float(retry)}
        return min(self.delay * factors.get(self.backoff, 2.0 ** (retry - 1)), LONGEST_PAUSE_SECONDS)


USUAL = CompensationRetry()


def compile_compensation_retry(value: object) -> CompensationRetry:
    """A retry policy of the standard; what it leaves out is as usual."""
    if value is None:
        return USUAL
    policy = as_map(value, "compensateRetry")
    count = part(part(policy, "limit"), "attempt").get("count")
    delay = policy.get("delay")
    return CompensationRetry(
        attempts=ATTEMPTS if not isinstance(count, int) else min(count + 1, MOST_ATTEMPTS),
        delay=FIRST_DELAY_SECONDS if delay is None else seconds_of(parse_duration(delay), ANY_DAY),
        backoff=next(iter(part(policy, "backoff")), "exponential"),
    )
