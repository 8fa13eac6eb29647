"""`/storage/v1`: buckets and objects, as the official clients speak it."""

from fastapi import APIRouter

from api.routers.storage import (
    buckets,
    downloads,
    installation,
    listing,
    multipart,
    objects,
    resumable,
    signing,
    uploads,
)
from api.schemas.security import CREDENTIALS

router = APIRouter(prefix="/storage/v1", tags=["storage"], dependencies=CREDENTIALS)

# The first path that fits answers: `/object/{bucket}/{path}` fits nearly all, so it comes last for each method.
for _part in (
    installation.router,
    resumable.router,
    multipart.router,
    buckets.router,
    listing.router,
    signing.router,
    objects.router,
    downloads.info_router,
    downloads.router,
    uploads.router,
):
    router.include_router(_part)
