"""`/auth/v1`: accounts and their sessions, as the official clients speak it."""

from fastapi import APIRouter, Depends

from api.routers.auth import admin, installation, sign_in, user
from api.routers.auth.deps import project
from api.schemas.errors import AuthRefusal, refusals

_REFUSALS = refusals(400, 401, 403, 404, 422, 503, model=AuthRefusal)

router = APIRouter(prefix="/auth/v1", tags=["auth"])
router.include_router(installation.open_router)
for _part in (sign_in.router, user.router, admin.router, installation.router):
    router.include_router(_part, dependencies=[Depends(project)], responses=_REFUSALS)
