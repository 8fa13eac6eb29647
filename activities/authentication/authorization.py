"""What a policy comes to: the scheme and the parameter of an Authorization header."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from temporalio.exceptions import ApplicationError

from activities.faults import fault
from workflows.language.problems import Kind


@dataclass(frozen=True, slots=True)
class Authorization:
    """A credential as the standard's `$authorization` shows it."""

    scheme: str
    parameter: str

    @property
    def header(self) -> str:
        return f"{self.scheme} {self.parameter}"

    def as_json(self) -> dict[str, object]:
        return {"scheme": self.scheme, "parameter": self.parameter}


def basic(members: Mapping[str, object]) -> Authorization:
    """RFC 7617, in UTF-8."""
    username, password = text(members, "username", "basic"), text(members, "password", "basic")
    if ":" in username:
        raise wrong("the user name of basic authentication may have no colon")
    return Authorization("Basic", base64.b64encode(f"{username}:{password}".encode()).decode())


def bearer(members: Mapping[str, object]) -> Authorization:
    return Authorization("Bearer", text(members, "token", "bearer"))


def text(members: Mapping[str, object], name: str, what: str) -> str:
    """A member that must be text; raises a fault that names it and never shows it."""
    value = members.get(name)
    if isinstance(value, str) and value:
        return value
    raise wrong(f"{what} needs the member {name!r} as text: its expression or its secret yields none")


def wrong(detail: str) -> ApplicationError:
    """The fault of a policy that cannot be followed, whatever the server says."""
    return fault(Kind.AUTHENTICATION, detail)
