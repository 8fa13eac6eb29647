"""Addresses under which the world starts a definition: known by the digest of a token, checked by a sealed secret."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from models.base import NEW_ID, NOW, TEXT, TEXT_LIST, TIMESTAMP, Table, default, one_of, own_reference
from models.platform import PRIVATE

SignatureScheme = Literal["standard-webhooks", "github", "stripe", "none"]
Respond = Literal["accepted", "result"]
BYTES = LargeBinary()


class WorkflowHook(Table, table=True):
    """A webhook of one definition."""

    __tablename__ = "workflow_hooks"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        own_reference("workflow_id", "workflows", ondelete="CASCADE"),
        one_of("scheme", get_args(SignatureScheme)),
        one_of("respond", get_args(Respond)),
        CheckConstraint("rate_limit > 0", name="rate_limit"),
        Index("workflow_hooks_workflow_id_user_id_id_idx", "workflow_id", "user_id", "id"),
        PRIVATE,
    )

    id: UUID = Field(primary_key=True, sa_column_kwargs=NEW_ID)
    user_id: UUID
    workflow_id: UUID
    token_hash: bytes = Field(sa_type=BYTES, description="SHA-256 of the token, which is shown once")
    scheme: str = Field(sa_type=TEXT)
    secret_key_id: str | None = Field(sa_type=TEXT)
    secret: bytes | None = Field(sa_type=BYTES, description="Sealed; null for the scheme none")
    previous_key_id: str | None = Field(sa_type=TEXT)
    previous_secret: bytes | None = Field(sa_type=BYTES, description="Taken beside the new one until previous_until")
    previous_until: datetime | None = Field(sa_type=TIMESTAMP)
    methods: list[str] = Field(sa_type=TEXT_LIST, sa_column_kwargs={"server_default": text("'{POST}'::text[]")})
    respond: str = Field(sa_type=TEXT, sa_column_kwargs=default("accepted"))
    rate_limit: int = Field(description="Calls a minute")
    admitted_until: datetime = Field(
        sa_type=TIMESTAMP, sa_column_kwargs=NOW, description="How far the calls so far have used up the rate"
    )
    revision: int = Field(default=1, sa_column_kwargs=default(1), description="Rises with each change")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
