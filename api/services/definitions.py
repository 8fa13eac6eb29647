"""What is wrong with a definition, said the same way when it is written and when it is run."""

from typing import cast

from workflows.language.documents import normalise
from workflows.language.issues import errors_of
from workflows.language.validation import validate
from zilliance.errors import InvalidInputError


def checked(config: object, name: str) -> object:
    """The definition with what its author left out filled in. Raises InvalidInputError with every issue."""
    document = normalise(cast("dict[str, object]", config), name) if isinstance(config, dict) else config
    if issues := errors_of(validate(document)):
        first = issues[0]
        raise InvalidInputError(
            f"config{first.pointer}: {first.message}",
            code="WORKFLOW_INVALID",
            details={"issues": [issue.as_json() for issue in issues]},
            hint=first.hint,
        )
    return document
