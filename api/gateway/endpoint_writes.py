"""What is checked and sealed when endpoints are written through the data API."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from api.gateway.configured_headers import write_headers
from api.gateway.targets import check_hosts, read_target
from api.state import AppState
from zilliance.enums import Role
from zilliance.errors import AppError, InvalidInputError
from zilliance.identity import Identity
from zilliance.sealing import Sealer

MOST_ENDPOINTS = 500  # of one owner, and so of one write

Row = dict[str, Any]


async def check_endpoints(rows: Sequence[Row], state: AppState, identity: Identity) -> Sequence[Row]:
    """The rows to write, with headers sealed. Raises InvalidInputError for what could not be called later."""
    if identity.role is Role.ANON:  # who may write nothing, and should not have names looked up
        return rows
    if len(rows) > MOST_ENDPOINTS:
        raise InvalidInputError(f"More than {MOST_ENDPOINTS} endpoints cannot be written at once")
    written = await asyncio.to_thread(_written, rows, state.sealer, identity)
    await check_hosts([read_target(row["target_url"]) for row in rows if row.get("target_url")], state.targets)
    return written


def _written(rows: Sequence[Row], sealer: Sealer, identity: Identity) -> list[Row]:
    written: list[Row] = []
    for number, row in enumerate(rows, start=1):
        try:
            written.append(_checked(row, sealer, identity))
        except AppError as error:
            if len(rows) > 1:
                error.message = f"row {number}: {error.message}"
            raise
    return written


def _checked(row: Row, sealer: Sealer, identity: Identity) -> Row:
    """A row that may be written; what a column's type and constraints refuse is left to PostgreSQL."""
    if "sealed_headers" in row:
        raise InvalidInputError("sealed_headers: written by the platform, out of headers", code="INVALID_HEADERS")
    if row.get("target_url") is not None:
        read_target(row["target_url"])
    if row.get("headers") is None:
        return row
    return {**row, "headers": write_headers(row["headers"], _owner_of(row, identity), sealer)}


def _owner_of(row: Row, identity: Identity) -> str:
    """Whom headers are sealed for: the caller; the service says it beside them."""
    if identity.user_id is not None:
        return str(identity.user_id)
    try:
        return str(UUID(str(row.get("user_id"))))
    except ValueError as error:
        raise InvalidInputError(
            "headers: with the service key, write user_id beside them: they are sealed for their owner",
            code="INVALID_HEADERS",
        ) from error
