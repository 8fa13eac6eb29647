"""What the gateway has let through lately, by key and by endpoint; functions alone reach it.

Nothing here refers to keys and endpoints: deleting those must not wait for calls, which wait for each other here.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Integer, text
from sqlmodel import Field

from models.base import Table, default
from models.platform import PRIVATE


class GatewayWindow(Table, table=True):
    """Requests of the last minute by the second: of a key or of an endpoint, whose id it has. Unlogged."""

    __tablename__ = "gateway_windows"
    __table_args__ = PRIVATE

    id: UUID = Field(primary_key=True)
    oldest: int = Field(sa_type=BigInteger, sa_column_kwargs=default(0), description="Second since 1970; none before")
    newest: int = Field(sa_type=BigInteger, sa_column_kwargs=default(0), description="Second since 1970; none after")
    total: int = Field(sa_column_kwargs=default(0), description="The sum of `counts`")
    counts: list[int] = Field(
        sa_type=ARRAY(Integer()),
        sa_column_kwargs={"server_default": text("array_fill(0, ARRAY[61])")},
        description="How many in second s, at s % 61 + 1",
    )


class GatewayQuota(Table, table=True):
    """How much of its quotas a key has used in the day and the month that it was last used in (UTC)."""

    __tablename__ = "gateway_quotas"
    __table_args__ = PRIVATE

    key_id: UUID = Field(primary_key=True)
    day: date = Field(sa_type=Date, sa_column_kwargs={"server_default": text("'-infinity'::date")})
    day_count: int = Field(sa_column_kwargs=default(0))
    month: date = Field(sa_type=Date, sa_column_kwargs={"server_default": text("'-infinity'::date")})
    month_count: int = Field(sa_column_kwargs=default(0))
