"""The public face of an account. Its row is made by the sign-up."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import LONG, SHORT, TEXT, URL, StoredShape, Table, Timestamped, UpdateShape, lengths


class ProfileBase(SQLModel):
    """What its owner writes."""

    first_name: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    last_name: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    display_name: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    avatar_url: str | None = Field(default=None, max_length=URL, sa_type=TEXT)
    bio: str | None = Field(default=None, max_length=LONG, sa_type=TEXT)
    phone: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    company: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)
    job_title: str | None = Field(default=None, max_length=SHORT, sa_type=TEXT)


class ProfileKey(Table):
    """Whose it is."""

    id: UUID = Field(primary_key=True, foreign_key="auth.users.id", ondelete="CASCADE", description="The account's id")


class Profile(Timestamped, ProfileBase, ProfileKey, table=True):
    """A row of `profiles`."""

    __tablename__ = "profiles"
    __table_args__ = (
        *lengths(
            first_name=SHORT,
            last_name=SHORT,
            display_name=SHORT,
            avatar_url=URL,
            bio=LONG,
            phone=SHORT,
            company=SHORT,
            job_title=SHORT,
        ),
    )


class ProfileCreate(ProfileBase):
    """What an upsert of the caller's own profile takes: front ends save profiles so."""

    id: UUID = Field(description="The caller's own id")


class ProfileUpdate(UpdateShape, ProfileBase):
    """What an update of a profile takes."""


class ProfilePublic(StoredShape, ProfileBase):
    """A profile as it is answered."""

    id: UUID = Field(description="The account's id")
    created_at: datetime
    updated_at: datetime
