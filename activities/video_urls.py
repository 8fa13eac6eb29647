"""Addresses of a video that its row tells."""

from uuid import UUID


def master_url(api_url: str, video_id: UUID) -> str:
    """The master playlist; whoever asks for it needs a grant."""
    return f"{api_url}/video/v1/{video_id}/master.m3u8"


def thumbnail_url(api_url: str, name: str) -> str:
    """A picture in the public bucket `thumbnails`."""
    return f"{api_url}/storage/v1/object/public/thumbnails/{name}"
