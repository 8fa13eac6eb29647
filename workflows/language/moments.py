"""Moments as expressions see them."""

from datetime import datetime


def moment(at: datetime) -> dict[str, object]:
    """The standard's dateTime: ISO 8601 text and the epoch in two units."""
    epoch = at.timestamp()
    return {"iso8601": at.isoformat(), "epoch": {"seconds": int(epoch), "milliseconds": round(epoch * 1000)}}
