"""Moving, copying and deleting objects."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.deps import State
from api.json_models import documented
from api.routers.storage.deps import REFUSALS, BucketId, Caller, ObjectName, body_of, is_upsert
from api.schemas.storage import Copied, CopyRequest, Message, Moved, ObjectRow, Relocation, Removal
from api.storage import objects
from api.storage.failures import no_such_key

router = APIRouter(responses=REFUSALS)


@router.post("/object/move", openapi_extra=documented(Relocation), summary="Move an object")
async def move_object(caller: Caller, wish: Annotated[Relocation, Depends(body_of(Relocation))], state: State) -> Moved:
    """Give it another name, in this bucket or another one. The bytes are not touched."""
    row_id, key = await objects.move(state, caller, wish)
    return Moved(message="Successfully moved", Id=row_id, Key=key)


@router.post("/object/copy", openapi_extra=documented(CopyRequest), summary="Copy an object")
async def copy_object(
    request: Request, caller: Caller, wish: Annotated[CopyRequest, Depends(body_of(CopyRequest))], state: State
) -> Copied:
    """Make another object of the same bytes, inside the store. `x-upsert: true` replaces what is there."""
    row = await objects.copy(state, caller, wish, upsert=is_upsert(request))
    return Copied(Id=row.id, Key=f"{row.bucket_id}/{row.name}", **row.model_dump())


@router.delete("/object/{bucket}", openapi_extra=documented(Removal), summary="Delete objects")
async def remove_objects(
    caller: Caller, bucket: BucketId, removal: Annotated[Removal, Depends(body_of(Removal))], state: State
) -> list[ObjectRow]:
    """Delete at most 1000. The rows that were deleted: what is missing, or not the caller's to delete, is absent."""
    return await objects.remove(state, caller, bucket, removal.prefixes)


@router.delete("/object/{bucket}/{path:path}", summary="Delete an object")
async def remove_object(caller: Caller, bucket: BucketId, path: ObjectName, state: State) -> Message:
    if not await objects.remove(state, caller, bucket, [path]):
        raise no_such_key()
    return Message(message="Successfully deleted")
