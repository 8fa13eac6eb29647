"""Buckets."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.deps import State
from api.json_models import documented
from api.routers.storage.deps import REFUSALS, BucketId, Caller, body_of
from api.schemas.storage import Bucket, BucketCreate, BucketName, BucketUpdate, ListedBucket, Message
from api.storage import buckets
from api.storage.buckets import Column, Order

router = APIRouter(prefix="/bucket", responses=REFUSALS)

Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.get("", summary="List buckets")
async def list_buckets(
    caller: Caller,
    state: State,
    *,
    limit: Limit = 1000,
    offset: Offset = 0,
    sort_column: Annotated[Column, Query(alias="sortColumn")] = "name",
    sort_order: Annotated[Order, Query(alias="sortOrder")] = "asc",
    search: Annotated[str, Query(description="What the name contains, in upper or lower case")] = "",
) -> list[ListedBucket]:
    """The buckets that the caller may see."""
    return await buckets.list_buckets(
        state, caller, limit=limit, offset=offset, search=search, order=(sort_column, sort_order)
    )


@router.post("", openapi_extra=documented(BucketCreate), summary="Make a bucket")
async def create_bucket(
    caller: Caller, new: Annotated[BucketCreate, Depends(body_of(BucketCreate))], state: State
) -> BucketName:
    """Who may read and write its objects, policies on `storage.objects` say."""
    return BucketName(name=await buckets.create_bucket(state, caller, new))


@router.get("/{bucket}", summary="Read a bucket")
async def get_bucket(caller: Caller, bucket: BucketId, state: State) -> Bucket:
    return await buckets.get_bucket(state, caller, bucket)


@router.put("/{bucket}", openapi_extra=documented(BucketUpdate), summary="Change a bucket")
async def update_bucket(
    caller: Caller, bucket: BucketId, changes: Annotated[BucketUpdate, Depends(body_of(BucketUpdate))], state: State
) -> Message:
    """Change its rules. They hold for what is uploaded from now on."""
    await buckets.update_bucket(state, caller, bucket, changes)
    return Message(message="Successfully updated")


@router.post("/{bucket}/empty", summary="Delete all objects of a bucket")
async def empty_bucket(caller: Caller, bucket: BucketId, state: State) -> Message:
    """For the service key alone."""
    await buckets.empty_bucket(state, caller, bucket)
    return Message(message="Empty bucket has been queued. Completion may take up to an hour.")


@router.delete("/{bucket}", summary="Delete a bucket")
async def delete_bucket(caller: Caller, bucket: BucketId, state: State) -> Message:
    """It must be empty."""
    await buckets.delete_bucket(state, caller, bucket)
    return Message(message="Successfully deleted")
