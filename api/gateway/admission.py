"""Whether a request may pass the gateway and where it goes: one statement, which counts it in all limits or in none."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from api.gateway import refusals
from api.gateway.keys import digest_of
from api.gateway.limits import Limit
from api.state import AppState
from zilliance.database import Record
from zilliance.errors import AppError

_BY_KEY = "SELECT * FROM private.gateway_admit($1, $2, $3)"
_BY_OWNER = "SELECT * FROM private.gateway_admit_owner($1, $2, $3, $4)"
_LONGEST = 8192
_NOTHING = ""  # neither a path nor a method that an endpoint has


@dataclass(frozen=True, slots=True)
class Admission:
    """What was decided about a request, and what the log is to know of it.

    Attributes:
        outcome: `admitted`, `bad_key`, `no_endpoint`, `wrong_method`, `out_of_scope`, `over_limit` or `over_quota`.
        refusal: what the caller is answered instead; None: it is admitted.
        user_id: the owner, as far as the key names one; also of a key that is no longer good.
        segments: the endpoint's path by segments, `{name}` and `*` as they are written.
        sealed_headers: JSON text, as `api.gateway.sealed_headers` opens it.
        cache_seconds: 0: nothing is kept.
        endpoint_version: when the endpoint was last changed.
        limits: none where the request came to no limit.
        retry_after: seconds, where a limit or a quota is reached.
    """

    outcome: str
    refusal: AppError | None
    user_id: UUID | None
    key_id: UUID | None
    endpoint_id: UUID | None
    target_url: str
    segments: tuple[str, ...]
    timeout_ms: int
    sealed_headers: str
    cache_seconds: int
    endpoint_version: datetime | None
    limits: tuple[Limit, ...]
    retry_after: float | None


async def admit(state: AppState, key: str | None, method: str, path: str) -> Admission:
    """Decide about a request with a key. `path` begins with a slash and is decoded once.

    Raises UnavailableError where PostgreSQL cannot be asked, or too many wait with this key, of its owner, or with keys
    that nobody has seen. A refusal is no error here, so that it can be logged.
    """
    digest = digest_of(key)
    async with state.admissions.of_key(digest):
        row = await state.service.fetch_one(_BY_KEY, digest, _asked(method), _asked(path), reason=_STRANGERS)
    if digest is not None:
        state.admissions.learn(digest, None if row["outcome"] == "bad_key" else row["user_id"])
    return _admission(row, method, path)


async def admit_owner(state: AppState, owner: UUID, endpoint_id: UUID, method: str, path: str) -> Admission:
    """The same for the owner himself, at an endpoint of his: without a key, and with the endpoint's limit alone."""
    async with state.admissions.of_owner(owner):
        row = await state.service.fetch_one(
            _BY_OWNER,
            owner,
            endpoint_id,
            _asked(method),
            _asked(path),
            reason="asked for a caller whose token was verified; the statement asks whose endpoint it is",
        )
    return _admission(row, method, path)


_STRANGERS = "the key is what permits, and its holder may have no account"


def _asked(text: str) -> str:
    """What is asked for, or nothing that exists in place of what PostgreSQL takes for no text."""
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair
        return _NOTHING
    return text if len(text) <= _LONGEST and "\0" not in text else _NOTHING


def _admission(row: Record, method: str, path: str) -> Admission:
    limits = tuple(Limit(**each) for each in orjson.loads(row["limits"] or "[]"))
    return Admission(
        outcome=row["outcome"],
        refusal=_refusal(row, method, path, limits),
        user_id=row["user_id"],
        key_id=row["key_id"],
        endpoint_id=row["endpoint_id"],
        target_url=row["target_url"] or "",
        segments=tuple(row["segments"] or ()),
        timeout_ms=row["timeout_ms"] or 0,
        sealed_headers=row["sealed_headers"] or "{}",
        cache_seconds=row["cache_seconds"] or 0,
        endpoint_version=row["endpoint_version"],
        limits=limits,
        retry_after=row["retry_after"],
    )


def _refusal(row: Record, method: str, path: str, limits: tuple[Limit, ...]) -> AppError | None:
    outcome: str = row["outcome"]
    if outcome == "admitted":
        return None
    makers = {
        "bad_key": refusals.bad_key,
        "no_endpoint": lambda: (refusals.no_endpoint if row["key_id"] else refusals.not_there)(path),
        "wrong_method": lambda: refusals.wrong_method(method, path, row["allowed"]),
        "out_of_scope": lambda: refusals.out_of_scope(method, path),
        "over_limit": lambda: refusals.over_limit(limits, row["retry_after"]),
        "over_quota": lambda: refusals.over_quota(limits, row["retry_after"]),
    }
    return makers[outcome]()
