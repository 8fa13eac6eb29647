"""The function that calls through the API gateway, as the owner of the execution."""

from workflows.language.catalogue.function import Function, Performer

# The longest that an endpoint may wait for its target, a minute to read the answer, and one in which nothing may come.
LONGEST_SECONDS = 430.0

GATEWAY_FUNCTIONS = (
    Function(
        name="gateway-request",
        description="Call an endpoint of the API gateway that the owner of the execution has published.",
        arguments={
            "endpointId": {"type": "string", "format": "uuid", "description": "the row of api_endpoints"},
            "path": {
                "type": "string",
                "pattern": "^/",
                "maxLength": 2048,
                "description": "the path, where the endpoint's own has parameters or a wildcard",
            },
            "method": {
                "type": "string",
                "enum": ["GET", "POST", "PUT", "DELETE", "PATCH"],
                "description": "else the endpoint's own, the only one that it takes",
            },
            "query": {
                "type": "object",
                "maxProperties": 100,
                "additionalProperties": {"type": ["string", "number", "boolean"]},
                "description": "parameters of the query, by name",
            },
            "headers": {
                "type": "object",
                "maxProperties": 50,
                "additionalProperties": {"type": "string"},
                "description": "headers beside those that the endpoint adds",
            },
            "body": {"description": "text as it is, a form's members under its Content-Type, anything else as JSON"},
        },
        required=("endpointId",),
        output={
            "type": "object",
            "properties": {
                "status": {"type": "integer", "description": "of the target: 200 to 299, any other is an error"},
                "headers": {"type": "object", "description": "by their names in small letters"},
                "body": {"description": "JSON by its type, text, or else base64; null when it is empty"},
            },
        },
        performer=Performer.GATEWAY,
        seconds=LONGEST_SECONDS,
        idempotency="a repeat after a crash carries the same Idempotency-Key",
    ),
)
