"""Functions on files of the storage, as the owner of the execution, under the policies of the buckets."""

from workflows.language.catalogue.function import ROLLBACK_ARGUMENT, Function, Json, Performer

LONGEST_URL_SECONDS = 7 * 86_400

_BUCKET: Json = {"type": "string", "minLength": 1, "maxLength": 100, "description": "the bucket, such as documents"}
_PATH: Json = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1024,
    "description": "the path in the bucket; in the five buckets it begins with the owner's id",
}
_TYPE: Json = {"type": "string", "description": "the media type of the file"}
_SIZE: Json = {"type": "integer", "description": "bytes"}

OBJECT_FUNCTIONS = (
    Function(
        name="put-object",
        description="Store a file as the owner of the execution; rollback deletes it.",
        arguments={
            "bucket": _BUCKET,
            "path": _PATH,
            "content": {"description": "text as it is, anything else as JSON"},
            "encoding": {
                "type": "string",
                "enum": ["text", "base64"],
                "default": "text",
                "description": "base64: the content is text that stands for bytes",
            },
            "contentType": {"type": "string", "maxLength": 255, "description": "the media type; else by the content"},
            "upsert": {
                "type": "boolean",
                "default": False,
                "description": "take the place of another file, which rollback cannot bring back",
            },
            "rollback": ROLLBACK_ARGUMENT,
        },
        required=("bucket", "path", "content"),
        output={
            "type": "object",
            "properties": {
                "bucket": {"type": "string"},
                "path": {"type": "string"},
                "size": _SIZE,
                "contentType": _TYPE,
            },
        },
        performer=Performer.OBJECTS,
        seconds=60.0,
        undo="deletes the file, unless somebody replaced it meanwhile",
        undoable=True,
    ),
    Function(
        name="get-object",
        description="Read a file of at most 2 MiB that the owner of the execution may read.",
        arguments={"bucket": _BUCKET, "path": _PATH},
        required=("bucket", "path"),
        output={
            "type": "object",
            "properties": {
                "content": {"description": "JSON by the file's type, text, or else base64"},
                "contentType": _TYPE,
                "size": _SIZE,
            },
        },
        performer=Performer.OBJECTS,
        seconds=60.0,
        idempotency="only reads",
        reads=True,
    ),
    Function(
        name="sign-url",
        description="Make a URL under which anybody can read a file for a while.",
        arguments={
            "bucket": _BUCKET,
            "path": _PATH,
            "expiresIn": {
                "type": "integer",
                "minimum": 1,
                "maximum": LONGEST_URL_SECONDS,
                "default": 3600,
                "description": "seconds, a week at most",
            },
        },
        required=("bucket", "path"),
        output={"type": "object", "properties": {"url": {"type": "string"}, "expiresIn": {"type": "integer"}}},
        performer=Performer.OBJECTS,
        seconds=10.0,
        idempotency="a repeat makes another URL",
        reads=True,
    ),
)
