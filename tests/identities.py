"""Callers as their tokens would name them, for tests that need no token."""

from uuid import UUID

from zilliance.enums import Role
from zilliance.identity import Identity

ANONYMOUS = Identity.of_claims({"role": Role.ANON})
SERVICE = Identity.of_claims({"role": Role.SERVICE})


def account(user_id: UUID) -> Identity:
    """A signed-in account, without a session that could end."""
    return Identity.of_claims({"sub": str(user_id), "role": Role.AUTHENTICATED})
