"""`/video/v1`: playing videos. Grants, playlists, the bytes where they come through the API, and what was watched."""

from fastapi import APIRouter

from api.routers.playback import grants, media, playlists, watching

router = APIRouter(prefix="/video/v1", tags=["video"])
for part in (playlists, media, watching, grants):
    router.include_router(part.router)
