"""What an account may do beyond its own rows."""

from typing import Literal, get_args

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import TEXT, CreateShape, Owned, PublicShape, Timestamped, UpdateShape, default, newest_first, one_of

AppRole = Literal["admin", "moderator", "user"]


class UserRoleBase(SQLModel):
    """What an administrator writes."""

    role: AppRole = Field(default="user", sa_type=TEXT, sa_column_kwargs=default("user"))


class UserRole(Timestamped, UserRoleBase, Owned, table=True):
    """A row of `user_roles`: one role of one account."""

    __tablename__ = "user_roles"
    __table_args__ = (
        UniqueConstraint("user_id", "role"),
        one_of("role", get_args(AppRole)),
        newest_first("user_roles"),
    )


class UserRoleCreate(CreateShape, UserRoleBase):
    """What an insert takes; only administrators may."""


class UserRoleUpdate(UpdateShape, UserRoleBase):
    """What an update takes; only administrators may."""


class UserRolePublic(PublicShape, UserRoleBase):
    """A role as it is answered."""
