"""Secrets of the caller's workflows: sealed as they come in, listed by name, never answered."""

import orjson
from pydantic import JsonValue

from api.schemas.secrets import SecretQuery
from workflows.language.validation.secrets import is_secret_name
from zilliance.database import READING, Database
from zilliance.errors import ConflictError, InvalidInputError, NotFoundError, TooLargeError
from zilliance.identity import Identity
from zilliance.sealing import Sealer

MOST_SECRETS = 200
MOST_BYTES = 32 * 1024


class Secrets:
    """The secrets of whoever calls."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def put(self, caller: Identity, name: str, value: JsonValue) -> bytes:
        """Write one; its name and dates as JSON. Raises InvalidInputError, TooLargeError, ConflictError."""
        if not is_secret_name(name):
            raise InvalidInputError(
                f"{name[:140]!r} cannot name a secret",
                code="SECRET_NAME_INVALID",
                hint="Use up to 128 letters, digits, _, - and ., not beginning with a digit",
            )
        text = orjson.dumps(value)
        if value is None:
            raise InvalidInputError("value: null is no secret; delete it instead", code="SECRET_VALUE_INVALID")
        if len(text) > MOST_BYTES:
            raise TooLargeError(f"A secret may have {MOST_BYTES // 1024} KiB of JSON", code="SECRET_TOO_LARGE")
        sealed = self._sealer.seal(text, f"{caller.user_id}/{name}")
        async with self._database.transaction(caller) as connection:
            written: str | None = await connection.fetchval(
                "SELECT private.put_secret($1, $2, $3, $4)", name, sealed.key_id, sealed.ciphertext, MOST_SECRETS
            )
        if written is None:
            message = f"An account may have {MOST_SECRETS} secrets"
            raise ConflictError(message, code="TOO_MANY_SECRETS", hint="Delete one, or put several values into one")
        return written.encode()

    async def list(self, caller: Identity, query: SecretQuery) -> bytes:
        """A page as JSON `{"items", "next"}`."""
        async with self._database.transaction(caller, READING) as connection:
            page: str = await connection.fetchval("SELECT private.list_secrets($1, $2)", query.after, query.limit)
        return page.encode()

    async def delete(self, caller: Identity, name: str) -> None:
        """Delete one. Raises NotFoundError."""
        async with self._database.transaction(caller) as connection:
            found: bool = is_secret_name(name) and await connection.fetchval("SELECT private.delete_secret($1)", name)
        if not found:
            raise NotFoundError(f"There is no secret {name[:140]!r}", code="SECRET_NOT_FOUND")
