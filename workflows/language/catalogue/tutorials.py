"""The function that has a tutorial written, as the owner of the execution."""

from zilliance.enums import TutorialLevel
from zilliance.tutorial_rules import LONGEST_TOPIC, MOST_STEPS

from workflows.language.catalogue.function import ROLLBACK_ARGUMENT, Function, Performer

TUTORIAL_FUNCTIONS = (
    Function(
        name="generate-tutorial",
        description="Have a language model write a tutorial, wait for it, and save it as a draft; rollback deletes it.",
        arguments={
            "topic": {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST_TOPIC,
                "description": "what it is about, in one line",
            },
            "level": {
                "type": "string",
                "enum": [level.value for level in TutorialLevel],
                "default": "beginner",
                "description": "whom it is for",
            },
            "steps": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_STEPS,
                "default": 5,
                "description": "in how many steps",
            },
            "model": {
                "type": "string",
                "maxLength": 200,
                "description": "one of those that the operator allows; else the usual one",
            },
            "source": {
                "type": "object",
                "properties": {
                    "bucket": {"type": "string", "maxLength": 100, "default": "documents"},
                    "path": {"type": "string", "minLength": 1, "maxLength": 1024},
                },
                "required": ["path"],
                "additionalProperties": False,
                "description": "a text, or captions, in the storage, which the tutorial is to be about",
            },
            "rollback": ROLLBACK_ARGUMENT,
        },
        required=("topic",),
        output={
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid", "description": "the row of tutorials"},
                "runId": {"type": "string", "format": "uuid"},
                "title": {"type": "string"},
                "description": {"type": ["string", "null"]},
                "level": {"type": "string"},
                "status": {"type": "string", "description": "draft"},
                "model": {"type": ["string", "null"]},
                "summary": {"type": ["string", "null"]},
                "steps": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"title": {"type": "string"}, "minutes": {"type": "integer"}},
                    },
                },
            },
        },
        performer=Performer.TUTORIAL,
        seconds=None,
        idempotency="happens once, and each answer of the model is paid for once",
        undo="deletes the draft, unless somebody changed it meanwhile",
        undoable=True,
    ),
)
