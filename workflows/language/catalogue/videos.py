"""The function that processes a video, as the owner of the execution."""

from workflows.language.catalogue.function import Function, Performer

VIDEO_FUNCTIONS = (
    Function(
        name="process-video",
        description="Make of a video's upload what players can play, and wait until it is ready.",
        arguments={
            "id": {"type": "string", "format": "uuid", "description": "the row of videos, whose storage_path is set"},
            "force": {
                "type": "boolean",
                "default": False,
                "description": "also one that is ready; what there is can be played meanwhile",
            },
        },
        required=("id",),
        output={
            "type": "object",
            "description": "the row of videos",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "title": {"type": "string"},
                "status": {"const": "ready"},
                "duration": {"type": ["number", "null"], "description": "seconds"},
                "quality": {"type": "string", "description": "sd, hd or 4k"},
                "hls_url": {"type": ["string", "null"], "description": "the master playlist; it needs a grant"},
                "thumbnail_url": {"type": ["string", "null"]},
                "renditions": {"type": "array"},
            },
        },
        performer=Performer.VIDEO,
        seconds=None,
        idempotency="one run for each video at a time; a video that is ready is not processed again",
    ),
)
