"""Functions that reach people and other systems, and wait for what they answer."""

from workflows.language.catalogue.function import Function, Json, Performer

MOST_RECIPIENTS = 20
MOST_APPROVERS = 20

_ADDRESS: Json = {"type": "string", "format": "email", "minLength": 3, "maxLength": 254}
_TIMEOUT: Json = {
    "anyOf": [{"type": "string"}, {"type": "object"}],
    "description": "how long to wait, such as P7D or {days: 7}; then the task fails with a timeout error",
}

PEOPLE_FUNCTIONS = (
    Function(
        name="send-email",
        description="Send a message by mail.",
        arguments={
            "to": {
                "anyOf": [_ADDRESS, {"type": "array", "items": _ADDRESS, "minItems": 1, "maxItems": MOST_RECIPIENTS}],
                "description": f"an address, or a list of {MOST_RECIPIENTS} at most",
            },
            "subject": {"type": "string", "minLength": 1, "maxLength": 250, "description": "one line"},
            "text": {"type": "string", "maxLength": 200_000, "description": "the message as plain text"},
            "html": {"type": "string", "maxLength": 200_000, "description": "the message as HTML"},
            "template": {
                "type": "object",
                "maxProperties": 100,
                "description": "values that stand for {{ name }} in subject, text and html, where they are escaped",
            },
        },
        required=("to", "subject"),
        either=("text", "html"),
        output={
            "type": "object",
            "properties": {
                "messageId": {"type": "string"},
                "to": {"type": "array", "items": {"type": "string"}},
                "sentAt": {"type": "string", "format": "date-time"},
            },
        },
        performer=Performer.MAIL,
        seconds=30.0,
        idempotency="goes out once; a crash between the sending and its record repeats it with the same Message-ID",
    ),
    Function(
        name="request-approval",
        description="Ask people to approve or reject, and wait for the first who decides.",
        arguments={
            "title": {"type": "string", "minLength": 1, "maxLength": 200, "description": "the question in one line"},
            "body": {"type": "string", "maxLength": 10_000, "description": "more about it"},
            "approvers": {
                "type": "array",
                "items": {"type": "string", "format": "uuid"},
                "minItems": 1,
                "maxItems": MOST_APPROVERS,
                "description": "the accounts that may decide",
            },
            "role": {"type": "string", "enum": ["admin", "moderator"], "description": "whoever holds it may decide"},
            "timeout": _TIMEOUT,
            "form": {"type": "object", "description": "JSON Schema of the data that comes with the decision"},
            "onReject": {
                "type": "string",
                "enum": ["continue", "raise"],
                "default": "continue",
                "description": "raise makes a rejection an error of status 403",
            },
        },
        required=("title",),
        either=("approvers", "role"),
        output={
            "type": "object",
            "properties": {
                "decision": {"enum": ["approved", "rejected"]},
                "by": {"type": ["string", "null"], "format": "uuid"},
                "at": {"type": "string", "format": "date-time"},
                "comment": {"type": ["string", "null"]},
                "data": {},
            },
        },
        performer=Performer.APPROVAL,
        seconds=None,
        idempotency="asked once, decided once",
        undo="one that is still open is withdrawn when the workflow ends",
    ),
    Function(
        name="wait-for-webhook",
        description="Make a URL, tell it to somebody, and wait until it is called.",
        arguments={
            "do": {"type": "array", "minItems": 1, "description": "tasks that tell it: they see $callback.url"},
            "path": {
                "type": "string",
                "pattern": "^[A-Za-z0-9][A-Za-z0-9._~/-]{0,199}$",
                "description": "what the URL ends with, for those who read it",
            },
            "timeout": _TIMEOUT,
        },
        required=(),
        output={"description": "the body of the request: JSON as it is, anything else as text"},
        performer=Performer.CALLBACK,
        seconds=None,
        idempotency="one URL, answered once",
        undo="the URL is closed when the workflow ends",
        lists=("do",),
    ),
)
