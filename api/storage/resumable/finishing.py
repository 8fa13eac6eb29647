"""From the last byte to an object that its readers find; or to nothing at all."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from api.errors import of_postgres
from api.state import AppState
from api.storage.resumable.failures import lost
from api.storage.resumable.holding import Holding
from models.queries.uploads import Progress, Upload
from zilliance.database import PostgresError
from zilliance.errors import AppError, UnavailableError
from zilliance.storage import MissingObjectError, ObjectStore, Stored, object_key

Commit = Callable[[UUID, Stored], Awaitable[None]]

_SERVER_FAULT = 500
_PASSING = frozenset({"session_not_found"})  # who signs in again may go on


async def finish(state: AppState, holding: Holding, commit: Commit) -> None:
    """Make one object of the parts and give it its row. A repetition goes on where the last one was stopped.

    An upload whose row is refused is over.
    """
    try:
        stored = await _joined(state.store, holding.upload)
        await holding.advance(Progress())
        holding.may_be_live = True
        await commit(holding.upload.version, stored)
    except (AppError, PostgresError) as error:
        if _is_final(error):
            holding.may_be_live = False
            await abandon(state, holding)
        raise
    await holding.finish()


async def abandon(state: AppState, holding: Holding) -> None:
    """Forget the upload and remove its bytes, unless they are somebody's or may be. The sweep looks again."""
    if not holding.may_be_live and await holding.drop():
        with suppress(UnavailableError):
            await state.store.discard(object_key(holding.upload.version))


async def _joined(store: ObjectStore, upload: Upload) -> Stored:
    """The whole object. Raises UploadLost when the store's is not the one that the row describes."""
    key = object_key(upload.version)
    try:
        if upload.s3_upload_id is not None:
            with suppress(MissingObjectError):  # a process that died then has joined them already
                await store.complete_parts(key, upload.s3_upload_id, upload.parts)
        stored = await store.stat(key)
    except MissingObjectError as error:
        raise lost() from error
    # A store may leave out a part whose ETag is not the one named: one that a process put after its lease had ended.
    if stored.size != upload.length:
        raise lost()
    return stored


def _is_final(error: AppError | PostgresError) -> bool:
    """Whether an upload that met this error would meet it again."""
    if isinstance(error, PostgresError):
        error = of_postgres(error)
    return error.status < _SERVER_FAULT and error.code not in _PASSING
