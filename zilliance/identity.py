"""Who a transaction acts as: a database role and the claims that row security reads. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from zilliance.enums import Role


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller, as PostgreSQL will know it for one transaction.

    Attributes:
        role: the database role that the transaction takes.
        claims: the verified token's claims as JSON text; `auth.uid()` and `auth.jwt()` read them.
        user_id: the account, or None for anonymous callers and the service.
        session_id: the session that must still live, or None where there is none to check.
    """

    role: Role
    claims: str
    user_id: UUID | None = None
    session_id: UUID | None = None

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> "Identity":
        """The caller that a verified token names. Raises ValueError for ids that are not UUIDs or an unknown role."""
        sub, session = claims.get("sub"), claims.get("session_id")
        return cls(
            role=Role(claims.get("role", "")),
            claims=json.dumps(claims, separators=(",", ":")),
            user_id=UUID(sub) if sub else None,
            session_id=UUID(session) if session else None,
        )
