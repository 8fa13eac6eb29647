"""Accounts as the service administers them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.accounts import admin
from api.deps import State
from api.json_models import documented
from api.routers.auth.deps import UserId, administrator, body_of
from api.schemas.auth import AdminUserCreate, AdminUserDelete, AdminUserUpdate, User, UserPage
from zilliance.errors import InvalidInputError

router = APIRouter(prefix="/admin/users", dependencies=[Depends(administrator)])

DEFAULT_SIZE = 50
MAX_SIZE = 1000
MAX_NUMBER = 1_000_000


@router.get("", response_model_exclude_none=True, summary="List users")
async def list_users(state: State, response: Response, page: str = "", per_page: str = "") -> UserPage:
    """Accounts, newest first. `Link` and `x-total-count` say what else there is."""
    number, size = _number(page, "page", 1, MAX_NUMBER), _number(per_page, "per_page", DEFAULT_SIZE, MAX_SIZE)
    users, total = await admin.page(state, number=number, size=size)
    last = max(1, -(-total // size))
    links = [f'{_link(number + 1, size)}; rel="next"'] if number < last else []
    response.headers["link"] = ", ".join([*links, f'{_link(last, size)}; rel="last"'])
    response.headers["x-total-count"] = str(total)
    return UserPage(users=users)


@router.post("", response_model_exclude_none=True, openapi_extra=documented(AdminUserCreate), summary="Make a user")
async def create_user(body: Annotated[AdminUserCreate, Depends(body_of(AdminUserCreate))], state: State) -> User:
    return await admin.create(state, body)


@router.get("/{user_id}", response_model_exclude_none=True, summary="Read a user")
async def get_user(user_id: UserId, state: State) -> User:
    return await admin.find(state, user_id)


@router.put(
    "/{user_id}", response_model_exclude_none=True, openapi_extra=documented(AdminUserUpdate), summary="Change a user"
)
async def update_user(
    user_id: UserId, body: Annotated[AdminUserUpdate, Depends(body_of(AdminUserUpdate))], state: State
) -> User:
    """Change an account. A password that is set here ends all its sessions."""
    return await admin.update(state, user_id, body)


@router.delete(
    "/{user_id}", response_model_exclude_none=True, openapi_extra=documented(AdminUserDelete), summary="Delete a user"
)
async def delete_user(
    user_id: UserId, body: Annotated[AdminUserDelete, Depends(body_of(AdminUserDelete, optional=True))], state: State
) -> User:
    """Delete an account with all that it owns, and answer with it as it was: the clients read a user here."""
    return await admin.delete(state, user_id, soft=body.should_soft_delete)


def _link(page: int, size: int) -> str:
    # The clients read the digit after the first `=` as the page, so it comes first.
    return f"</admin/users?page={page}&per_page={size}>"


def _number(text: str, name: str, default: int, largest: int) -> int:
    """A paging parameter, which clients also send empty. Raises InvalidInputError."""
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(largest)) and int(text) >= 1):
        message = f'Bad Pagination Parameters: {name} is "{text}", and must be a number from 1 to {largest}'
        raise InvalidInputError(message, code="validation_failed")
    return min(int(text), largest)
