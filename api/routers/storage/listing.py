"""What a bucket holds."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.deps import State
from api.json_models import documented
from api.routers.storage.deps import REFUSALS, BucketId, Caller, body_of
from api.schemas.storage import ListedObject, Listing, Page, PagedListing
from api.storage.listing import list_folder, list_page

router = APIRouter(responses=REFUSALS)


@router.post("/object/list/{bucket}", openapi_extra=documented(Listing), summary="List a folder")
async def list_objects(
    caller: Caller, bucket: BucketId, wish: Annotated[Listing, Depends(body_of(Listing))], state: State
) -> list[ListedObject]:
    """The objects and folders in a folder that the caller may see, at most 1000. Folders have a name alone."""
    return await list_folder(state, caller, bucket, wish)


@router.post(
    "/object/list-v2/{bucket}",
    openapi_extra=documented(PagedListing),
    response_model_exclude_unset=True,
    summary="List what begins with a prefix, page by page",
)
async def list_objects_in_pages(
    caller: Caller, bucket: BucketId, wish: Annotated[PagedListing, Depends(body_of(PagedListing))], state: State
) -> Page:
    """Objects under their whole names, at most 1000 a page. `nextCursor` is where the next page begins."""
    return await list_page(state, caller, bucket, wish)
