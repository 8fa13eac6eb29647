"""Failed sign-ins in SQL: a counter with a growing wait, for each key that the caller makes."""

from dataclasses import dataclass

from zilliance.database import Connection

_WAIT = """
SELECT extract(epoch FROM blocked_until - clock_timestamp())::float8 FROM auth.login_failures
WHERE key = $1 AND blocked_until > clock_timestamp()
"""

# The wait doubles with each failure after the free ones, up to a cap; a quiet window forgets them all.
_COUNT = """
INSERT INTO auth.login_failures AS f (key, failures, window_started_at) VALUES ($1, 1, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN f.window_started_at < clock_timestamp() - make_interval(secs => $2) THEN 1
                    ELSE f.failures + 1 END,
    window_started_at = clock_timestamp(),
    blocked_until = CASE
        WHEN f.window_started_at < clock_timestamp() - make_interval(secs => $2) OR f.failures + 1 < $3 THEN NULL
        ELSE clock_timestamp() + make_interval(secs => least($4, power(2, least(f.failures + 1 - $3, 30)))) END
WHERE f.blocked_until IS NULL OR f.blocked_until <= clock_timestamp()
RETURNING true
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient the counter is, in failures and seconds."""

    free_failures: int
    longest_wait: float
    window: float


async def seconds_to_wait(connection: Connection, key: bytes) -> float:
    """How long this key must wait; 0 when it need not."""
    wait: float | None = await connection.fetchval(_WAIT, key)
    return wait or 0.0


async def count(connection: Connection, key: bytes, limits: Limits) -> bool:
    """Count one failure. False when the key has been made to wait since its attempt was admitted."""
    counted: bool | None = await connection.fetchval(
        _COUNT, key, limits.window, limits.free_failures, limits.longest_wait
    )
    return counted is not None


async def clear(connection: Connection, key: bytes) -> None:
    """Forget the failures of a key that has signed in."""
    await connection.execute("DELETE FROM auth.login_failures WHERE key = $1", key)
