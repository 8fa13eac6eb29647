"""What sources are taken: the operator's settings, and lengths as a person reads them."""

from dataclasses import dataclass
from typing import Self

from zilliance.settings import VideoSettings

MAX_PIXELS = 36_000_000  # of a picture: 8192x4320 has 35.4 million, and what is larger no player takes


@dataclass(frozen=True, kw_only=True)
class SourceLimits:
    """What is taken; the operator's settings.

    Attributes:
        store: the endpoint of the platform's S3 store; its presigned URLs are read, and those of no other host.
    """

    store: str = ""
    max_seconds: int = 6 * 3600
    max_side: int = 8192
    max_pixels: int = MAX_PIXELS
    max_bytes: int = 50 * 1024**3
    max_streams: int = 32
    max_sounds: int = 8

    @classmethod
    def of(cls, settings: VideoSettings, *, store: str) -> Self:
        return cls(
            store=store,
            max_seconds=settings.max_seconds,
            max_side=settings.max_side,
            max_bytes=settings.max_source_bytes,
            max_streams=settings.max_streams,
            max_sounds=settings.max_sounds,
        )


def clock(seconds: float) -> str:
    """Hours, minutes and seconds for a person."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
