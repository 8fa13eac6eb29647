"""What a tutorial is, as JSON Schema: the one that is published, and those that a model answers by."""

from collections.abc import Mapping

from zilliance.enums import TutorialLevel
from zilliance.tutorial_rules import MOST_STEPS

Json = Mapping[str, object]

TITLE = 200
SENTENCE = 500
DESCRIPTION = 2_000
SUMMARY = 4_000
STEP_CONTENT = 14_000
STEP_CODE = 7_000
MOST_PREREQUISITES = 20
MOST_MINUTES = 600

_LINE = {"type": "string", "minLength": 1, "maxLength": TITLE}

TUTORIAL_SCHEMA: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Tutorial",
    "description": "A tutorial that generate-tutorial has saved. Its row has further columns.",
    "type": "object",
    "required": ["title", "description", "level", "prerequisites", "steps", "summary"],
    "properties": {
        "title": _LINE,
        "description": {"type": "string", "minLength": 1, "maxLength": DESCRIPTION},
        "level": {"type": "string", "enum": [level.value for level in TutorialLevel]},
        "prerequisites": {
            "type": "array",
            "maxItems": MOST_PREREQUISITES,
            "items": {"type": "string", "minLength": 1, "maxLength": SENTENCE},
        },
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_STEPS,
            "items": {
                "type": "object",
                "required": ["title", "content", "code", "minutes"],
                "additionalProperties": False,
                "properties": {
                    "title": _LINE,
                    "content": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": STEP_CONTENT,
                        "description": "Markdown without HTML",
                    },
                    "code": {
                        "type": "string",
                        "maxLength": STEP_CODE,
                        "description": "what to type or run; empty when there is nothing",
                    },
                    "minutes": {"type": "integer", "minimum": 1, "maximum": MOST_MINUTES},
                },
            },
        },
        "summary": {"type": "string", "minLength": 1, "maxLength": SUMMARY},
    },
}

# What a model answers by has no lengths: gateways refuse some of the words for them, and what is too long is cut.
_TEXT = {"type": "string"}


def outline_schema(steps: int) -> Json:
    """The plan of a tutorial of so many steps; more than that are dropped, fewer are no plan."""
    return {
        "type": "object",
        "required": ["title", "description", "prerequisites", "steps", "summary"],
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string", "minLength": 1, "description": "one line"},
            "description": {"type": "string", "minLength": 1, "description": "what the reader will learn"},
            "prerequisites": {"type": "array", "items": _TEXT, "description": "what the reader must know or have"},
            "steps": {
                "type": "array",
                "minItems": steps,
                "description": f"exactly {steps}, in order",
                "items": {
                    "type": "object",
                    "required": ["title", "goal", "notes"],
                    "additionalProperties": False,
                    "properties": {
                        "title": {"type": "string", "minLength": 1, "description": "one line"},
                        "goal": {"type": "string", "description": "what the reader can do after it"},
                        "notes": {
                            "type": "string",
                            "description": "facts of the source that the step needs, in up to 150 words; else empty",
                        },
                    },
                },
            },
            "summary": {"type": "string", "minLength": 1, "description": "what was learnt, and where to go on"},
        },
    }


STEP_SCHEMA: Json = {
    "type": "object",
    "required": ["content", "code", "minutes"],
    "additionalProperties": False,
    "properties": {
        "content": {"type": "string", "minLength": 1, "description": "the text of the step, as Markdown"},
        "code": {"type": "string", "description": "the code of the step without a fence; empty when there is none"},
        "minutes": {"type": "integer", "minimum": 1, "maximum": MOST_MINUTES, "description": "that it takes a reader"},
    },
}
