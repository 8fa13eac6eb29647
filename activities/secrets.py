"""Secrets of an execution's owner, opened for one call."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from activities.faults import fault
from workflows.json_text import read_json
from workflows.language.problems import Kind
from zilliance.database import Database
from zilliance.errors import UnavailableError
from zilliance.sealing import Sealed, Sealer, SealError

PAUSE_SECONDS = 0.5
_REASON = "the worker acts for the owner, who may not read the values himself"
_READ = """
SELECT coalesce(json_agg(json_build_object(
           'name', s.name, 'key_id', s.key_id, 'ciphertext', encode(s.ciphertext, 'hex'))), '[]')::text
  FROM private.read_secrets($1, $2) AS s
"""


class SecretReader:
    """Reads secrets from PostgreSQL."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def read(self, owner: UUID, names: Sequence[str], *, seconds: float) -> Mapping[str, object]:
        """The values by name; raises a fault of kind authorization for one that is not there.

        While PostgreSQL is away it is waited for, `seconds` at most: nothing has been sent yet.
        """
        if not names:
            return {}
        async with asyncio.timeout(seconds):
            rows = await self._rows(owner, names)
        values = {row.name: self._open(owner, row) for row in rows}
        for name in names:
            if name not in values:
                detail = f'there is no secret "{name}": write it with PUT /workflows/v1/secrets/{name}'
                raise fault(Kind.AUTHORIZATION, detail)
        return values

    async def _rows(self, owner: UUID, names: Sequence[str]) -> "list[_Row]":
        while True:
            try:
                return _ROWS.validate_json(str(await self._database.call(_READ, owner, list(names), reason=_REASON)))
            except UnavailableError:
                await asyncio.sleep(PAUSE_SECONDS)

    def _open(self, owner: UUID, row: "_Row") -> object:
        sealed = Sealed(row.key_id, row.ciphertext)
        try:
            return read_json(self._sealer.open(sealed, f"{owner}/{row.name}").decode())
        except SealError as error:
            detail = f'the secret "{row.name}" cannot be read: write it again ({error})'
            raise fault(Kind.AUTHORIZATION, detail) from None


class _Row(BaseModel):
    """A secret as it is stored."""

    model_config = ConfigDict(val_json_bytes="hex")

    name: str
    key_id: str
    ciphertext: bytes


_ROWS = TypeAdapter(list[_Row])
