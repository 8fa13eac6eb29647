"""From bytes on their way in to an object that its readers find."""

from collections.abc import AsyncIterator, Mapping
from uuid import UUID, uuid4

from api.state import AppState
from api.storage.contents import HEAD_BYTES
from api.storage.failures import entity_too_large
from api.storage.incoming import Incoming, least_size, open_body
from api.storage.placing import Place, begin_version, drop_version, fill, try_place
from api.storage.rules import Rules, read_rules
from zilliance.database import PostgresError
from zilliance.errors import AppError, UnavailableError
from zilliance.storage import Stored, TooManyBytesError, object_key


async def upload(
    state: AppState, place: Place, headers: Mapping[str, str], stream: AsyncIterator[bytes]
) -> UUID | None:
    """Take a file in. Its id.

    Whatever is refused is refused before its bytes are read, where that can be known. The row comes last: an upload
    that breaks off leaves neither a row nor, in the end, bytes.
    """
    rules = await read_rules(state, place.bucket_id)
    rules.check_size(least_size(headers))
    incoming = await open_body(headers, stream)
    description = incoming.describe()
    rules.check_type(description.content_type)
    await try_place(state, place, description)
    version = uuid4()
    new_id = await begin_version(state, version, place.owner)
    stored = await _store(state, rules, version, _checked(incoming, rules, description.content_type))
    return await _settle(state, place, incoming, (version, stored, new_id))


async def _store(state: AppState, rules: Rules, version: UUID, chunks: AsyncIterator[bytes]) -> Stored:
    try:
        return await state.store.put(object_key(version), chunks, max_bytes=rules.max_bytes)
    except TooManyBytesError as error:
        raise entity_too_large(rules.max_bytes) from error


async def _settle(state: AppState, place: Place, incoming: Incoming, made: tuple[UUID, Stored, UUID]) -> UUID | None:
    """Write the row, or remove the bytes when it is certain that there is none."""
    version, stored, new_id = made
    try:
        return await fill(state, place, version, stored, incoming.describe(), new_id=new_id)
    except UnavailableError:
        raise  # the commit may have happened: the sweep knows
    except (AppError, PostgresError):
        await drop_version(state, version)
        raise


async def _checked(incoming: Incoming, rules: Rules, content_type: str) -> AsyncIterator[bytes]:
    """The same bytes, after a look at the first of them."""
    head = bytearray()
    async for chunk in incoming.chunks():
        if len(head) >= HEAD_BYTES:
            yield chunk
            continue
        head += chunk
        if len(head) >= HEAD_BYTES:
            rules.check_head(content_type, bytes(head))
            yield bytes(head)
    if len(head) < HEAD_BYTES:
        rules.check_head(content_type, bytes(head))
        yield bytes(head)
