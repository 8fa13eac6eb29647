"""Secrets of accounts, which their workflows read: sealed, so that the database alone tells nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlmodel import Field

from models.base import NOW, TEXT, TIMESTAMP, Table, lengths
from models.platform import PRIVATE


class Secret(Table, table=True):
    """One value under a name of its owner's."""

    __tablename__ = "secrets"
    __table_args__ = (*lengths(at_least=1, name=128), PRIVATE)

    user_id: UUID = Field(primary_key=True, foreign_key="auth.users.id", ondelete="CASCADE")
    name: str = Field(primary_key=True, sa_type=TEXT)
    key_id: str = Field(sa_type=TEXT, description="Which of the installation's keys sealed it")
    ciphertext: bytes = Field(sa_type=LargeBinary, description="JSON text: nonce, then AES-256-GCM")
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=NOW)
