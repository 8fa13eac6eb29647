"""The signed-in account, read and changed by itself."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.accounts import accounts, changes
from api.deps import State
from api.json_models import documented
from api.routers.auth.deps import Account, body_of
from api.schemas.auth import User, UserUpdate

router = APIRouter()


@router.get("/user", response_model_exclude_none=True, summary="The signed-in user")
async def get_user(caller: Account, state: State) -> User:
    async with state.accounts.service(reason="accounts are read by the account service alone") as connection:
        return User.of(await accounts.current(connection, caller))


@router.put(
    "/user", response_model_exclude_none=True, openapi_extra=documented(UserUpdate), summary="Change the signed-in user"
)
async def update_user(body: Annotated[UserUpdate, Depends(body_of(UserUpdate))], caller: Account, state: State) -> User:
    """Change metadata, password or address. A new password signs all other devices out."""
    return await changes.update(state, caller, body)
