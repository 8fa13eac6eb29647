"""Transactions of storage: as the caller, or as the service where a bucket's rules or a token have said yes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from api.state import AppState
from api.storage.failures import refusals
from zilliance.database import USUAL, Connection, Terms
from zilliance.enums import Role
from zilliance.identity import Identity

SERVICE = Identity.of_claims({"role": Role.SERVICE})


@asynccontextmanager
async def acting(state: AppState, identity: Identity, terms: Terms = USUAL) -> AsyncGenerator[Connection]:
    """A transaction as `identity`. PostgreSQL's refusals are raised as those of storage, also those at the commit."""
    with refusals():
        async with state.transaction(identity, terms) as connection:
            yield connection


class _TakeBackError(Exception):
    """Raised to roll back."""


@asynccontextmanager
async def trying(state: AppState, identity: Identity) -> AsyncGenerator[Connection]:
    """A transaction that is always taken back. What only a commit would refuse is not refused."""
    with suppress(_TakeBackError):
        async with acting(state, identity) as connection:
            yield connection
            raise _TakeBackError
