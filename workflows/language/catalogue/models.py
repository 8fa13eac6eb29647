"""Functions that ask language models."""

from workflows.language.catalogue.function import Function, Json, Performer

MOST_MESSAGES = 200
_TEXT = 500_000
_TOKENS: Json = {"type": "integer", "minimum": 0}

MODEL_FUNCTIONS = (
    Function(
        name="ai-chat",
        description="Ask a language model, for text or for JSON by a schema.",
        arguments={
            "prompt": {"type": "string", "minLength": 1, "maxLength": _TEXT, "description": "what to answer"},
            "messages": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_MESSAGES,
                "items": {
                    "type": "object",
                    "properties": {
                        "role": {"type": "string", "enum": ["system", "user", "assistant"]},
                        "content": {"type": "string", "maxLength": _TEXT},
                    },
                    "required": ["role", "content"],
                    "additionalProperties": False,
                },
                "description": "a conversation, before the prompt if there is one",
            },
            "system": {"type": "string", "minLength": 1, "maxLength": _TEXT, "description": "how to answer"},
            "model": {"type": "string", "minLength": 1, "maxLength": 200, "description": "else the platform's default"},
            "schema": {
                "type": "object",
                "description": "JSON Schema of the answer, which is then in `value` and valid against it",
            },
            "maxTokens": {"type": "integer", "minimum": 1, "maximum": 1_000_000, "description": "of the answer"},
            "temperature": {"type": "number", "minimum": 0, "maximum": 2, "description": "how freely to answer"},
        },
        required=(),
        either=("prompt", "messages"),
        output={
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "the answer as it was written"},
                "value": {"description": "the answer by the schema; null without one"},
                "model": {"type": "string", "description": "that answered; stand-in when none is set up"},
                "finishReason": {"type": "string", "description": "stop; length when it was cut at maxTokens"},
                "usage": {
                    "type": "object",
                    "properties": {
                        "promptTokens": _TOKENS,
                        "cachedTokens": _TOKENS,
                        "completionTokens": _TOKENS,
                        "reasoningTokens": _TOKENS,
                        "isEstimated": {"type": "boolean", "description": "the provider did not say"},
                    },
                },
            },
        },
        performer=Performer.MODEL,
        seconds=600.0,
        idempotency="paid for once: a repeat gives the answer that was kept",
    ),
)
