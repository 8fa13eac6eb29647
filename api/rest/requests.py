"""A request of the data API: as the HTTP layer has it, and once it was understood."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from api.rest.bodies import BodyType, body_type
from api.rest.grammar.headers import NO_PREFERENCES, Form, Preferences
from api.rest.query import Target
from api.rest.statements import Statements
from api.state import AppState
from zilliance.database import READING, USUAL, Connection, Terms
from zilliance.identity import Identity


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the HTTP layer has it. Header names are in lower case.

    Attributes:
        name: the relation or, with `is_function`, the function.
        prefer: all `Prefer` headers, joined.
    """

    method: str
    name: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes = b""
    prefer: str = ""
    is_function: bool = False

    @property
    def body_type(self) -> BodyType:
        """Raises InvalidInputError for a Content-Type that is not read."""
        return body_type(self.headers.get("content-type", ""))


@dataclass(frozen=True, slots=True)
class Parsed:
    """A call that was understood: what it is about, who asks, which statements serve it and in what form."""

    call: Call
    state: AppState
    identity: Identity
    statements: Statements
    schema: str
    target: Target
    preferences: Preferences
    form: Form

    @property
    def role(self) -> str:
        return self.identity.role.value

    def transaction(
        self, *, read_only: bool = False, settings: tuple[tuple[str, str], ...] = ()
    ) -> AbstractAsyncContextManager[Connection]:
        """The transaction that this request is answered in, as its preferences say."""
        return self.state.transaction(self.identity, self._terms(read_only, settings))

    def _terms(self, read_only: bool, settings: tuple[tuple[str, str], ...]) -> Terms:
        if self.preferences is NO_PREFERENCES and not settings:
            return READING if read_only else USUAL
        if self.preferences.timezone:
            settings = (*settings, ("timezone", self.preferences.timezone))
        return Terms(read_only, is_kept=self.preferences.tx != "rollback", settings=settings)
