"""Webhooks of the caller's definitions: made, listed, given another secret, deleted."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID, uuid4

import orjson

from api.schemas.webhooks import HookQuery, HookRequest, RotateRequest
from api.webhooks.signatures import is_secret, new_secret
from zilliance.database import READING, Database
from zilliance.errors import ConflictError, InvalidInputError, NotFoundError
from zilliance.identity import Identity
from zilliance.sealing import Sealed, Sealer

MOST_HOOKS = 20
TOKEN_BYTES = 32


class Webhooks:
    """The webhooks of whoever calls."""

    def __init__(self, database: Database, sealer: Sealer, api_url: str) -> None:
        self._database = database
        self._sealer = sealer
        self._api_url = api_url

    async def create(self, caller: Identity, workflow_id: UUID, wanted: HookRequest) -> bytes:
        """Make one; its JSON with the address and the secret, which nobody is shown again."""
        hook_id, token = uuid4(), secrets.token_urlsafe(TOKEN_BYTES)
        secret = None if wanted.scheme == "none" else _secret(wanted.scheme, wanted.secret)
        sealed = None if secret is None else seal(self._sealer, hook_id, secret)
        async with self._database.transaction(caller) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM private.create_hook($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                hook_id,
                workflow_id,
                digest(token),
                wanted.scheme,
                None if sealed is None else sealed.key_id,
                None if sealed is None else sealed.ciphertext,
                sorted(set(wanted.methods)),
                wanted.respond,
                wanted.rate_limit,
                MOST_HOOKS,
            )
        if row is None or row["outcome"] == "missing":
            raise _no_workflow(workflow_id)
        if row["outcome"] == "full":
            raise ConflictError(f"A workflow may have {MOST_HOOKS} webhooks: delete one", code="TOO_MANY_HOOKS")
        shown = {"url": f"{self._api_url}/hooks/v1/{token}", "secret": secret}
        return orjson.dumps({**orjson.loads(row["hook"]), **shown})

    async def list(self, caller: Identity, workflow_id: UUID, query: HookQuery) -> bytes:
        """A page as JSON `{"items", "next"}`."""
        async with self._database.transaction(caller, READING) as connection:
            page: str | None = await connection.fetchval(
                "SELECT private.list_hooks($1, $2, $3)", workflow_id, query.after, query.limit
            )
        if page is None:
            raise _no_workflow(workflow_id)
        return page.encode()

    async def delete(self, caller: Identity, workflow_id: UUID, hook_id: UUID) -> None:
        """Delete one. Raises NotFoundError."""
        async with self._database.transaction(caller) as connection:
            found: bool = await connection.fetchval("SELECT private.delete_hook($1, $2)", workflow_id, hook_id)
        if not found:
            raise _no_hook(hook_id)

    async def rotate(self, caller: Identity, workflow_id: UUID, hook_id: UUID, wanted: RotateRequest) -> bytes:
        """Give one another secret; its JSON with it, which nobody is shown again."""
        async with self._database.transaction(caller) as connection:
            scheme: str | None = await connection.fetchval("SELECT private.hook_scheme($1, $2)", workflow_id, hook_id)
            if scheme is None:
                raise _no_hook(hook_id)
            if scheme == "none":
                raise ConflictError("The webhook's calls are not signed: it has no secret", code="HOOK_UNSIGNED")
            secret = _secret(scheme, wanted.secret)
            sealed = seal(self._sealer, hook_id, secret)
            hook: str | None = await connection.fetchval(
                "SELECT private.rotate_hook($1, $2, $3, $4, $5)",
                workflow_id,
                hook_id,
                sealed.key_id,
                sealed.ciphertext,
                timedelta(seconds=wanted.overlap_seconds),
            )
        if hook is None:
            raise _no_hook(hook_id)
        return orjson.dumps({**orjson.loads(hook), "secret": secret})


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def place_of(hook_id: UUID) -> str:
    """Where alone a webhook's secret can be opened."""
    return f"webhook/{hook_id}"


def seal(sealer: Sealer, hook_id: UUID, secret: str) -> Sealed:
    return sealer.seal(secret.encode(), place_of(hook_id))


def _secret(scheme: str, given: str | None) -> str:
    secret = given or new_secret(scheme)
    if not is_secret(scheme, secret):
        message = "secret must be whsec_ and 24 to 64 bytes in base64; leave it out, and one is made"
        raise InvalidInputError(message, code="VALIDATION_FAILED", details={"field": "secret"})
    return secret


def _no_workflow(workflow_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no workflow {workflow_id}", code="WORKFLOW_NOT_FOUND")


def _no_hook(hook_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no webhook {hook_id}", code="HOOK_NOT_FOUND")
