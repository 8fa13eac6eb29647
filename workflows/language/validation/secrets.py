"""Names of secrets: what an account may call one, and the list of those that a document reads."""

import re
from typing import TYPE_CHECKING, cast

from workflows.language.issues import IssueCode

if TYPE_CHECKING:
    from workflows.language.validation.checker import Checker

MOST_SECRETS = 100  # that one document reads

# As in a URL and after `$secrets.`; a name with - or . is read as $secrets["name"].
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")


def is_secret_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def check_names(checker: "Checker", value: object, pointer: str) -> None:
    """`use.secrets`."""
    if not isinstance(value, list):
        checker.error(pointer, IssueCode.WRONG_TYPE, "use.secrets must be a list of names", 'write ["apiKey"]')
        return
    names = cast("list[object]", value)
    if len(names) > MOST_SECRETS:
        checker.error(pointer, IssueCode.TOO_LARGE, f"a document may read {MOST_SECRETS} secrets")
        return
    for index, name in enumerate(names):
        if not isinstance(name, str) or not is_secret_name(name):
            hint = "use up to 128 letters, digits, _, - and ., not beginning with a digit"
            checker.error(f"{pointer}/{index}", IssueCode.INVALID_VALUE, "this cannot name a secret", hint)
