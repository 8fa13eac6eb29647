"""One request of the data API from its parts to its answer: parse, shape, statement, one transaction, bytes."""

import asyncio
from dataclasses import replace

from api.rest import calls, failures, writes
from api.rest.answers import Answer
from api.rest.arguments import argument_names
from api.rest.grammar import parser
from api.rest.grammar.headers import NO_PREFERENCES, ROWS, SCALAR, Preferences, parse_accept, parse_preferences
from api.rest.grammar.selection import has_aggregates
from api.rest.live_catalogue import LiveCatalogue
from api.rest.reads import read
from api.rest.requests import Call, Parsed
from api.rest.statements import Statements
from api.rest.writes import Checks
from api.state import AppState
from zilliance.database import PostgresError
from zilliance.errors import AppError
from zilliance.identity import Identity

_READING = frozenset({"GET", "HEAD"})
_OF_RELATIONS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_OF_FUNCTIONS = frozenset({"GET", "HEAD", "POST"})
_STALE = frozenset({"PGRST200", "PGRST202", "PGRST204", "PGRST205", "42703", "42P01", "42704", "42883"})
_TIMEZONES = "SELECT array_agg(name) FROM pg_catalog.pg_timezone_names"


class Engine:
    """Serves every relation and function of the exposed schemas. `checks` look at rows before they are written."""

    def __init__(self, state: AppState, catalogue: LiveCatalogue, checks: Checks) -> None:
        self.catalogue = catalogue
        self._state = state
        self._checks = checks
        self._settings = state.settings.rest
        self._timezones: frozenset[str] | None = None
        self._asking = asyncio.Lock()

    async def answer(self, call: Call, identity: Identity) -> Answer:
        """Raises AppError, and PostgreSQL's own errors.

        A name that the catalogue has not may be newer than the catalogue, and one that PostgreSQL has not may be gone
        since, so the catalogue is read again before saying no.
        """
        try:
            return await self._answer(call, identity, await self.catalogue.statements())
        except (AppError, PostgresError) as error:
            code = error.code if isinstance(error, AppError) else error.sqlstate
            if code not in _STALE:
                raise
            newer = await self.catalogue.newer()
            if newer is None:
                raise
        return await self._answer(call, identity, newer)

    def schema_of(self, call: Call) -> str:
        """The schema that a request is about. Raises AppError 406 for one that is not exposed."""
        header = "accept-profile" if call.method in _READING else "content-profile"
        schema = call.headers.get(header) or self._settings.schemas[0]
        if schema not in self._settings.schemas:
            raise failures.unknown_schema(schema, self._settings.schemas)
        return schema

    async def _answer(self, call: Call, identity: Identity, statements: Statements) -> Answer:
        if call.is_function and call.method not in _OF_FUNCTIONS:
            raise failures.not_a_method_of_functions(call.method)
        if call.method not in _OF_RELATIONS:
            raise failures.method_not_allowed(call.method)
        parsed = await self._parsed(call, identity, statements)
        answer = await self._dispatched(parsed)
        if len(self._settings.schemas) > 1:
            answer.headers["Content-Profile"] = parsed.schema
        return answer

    async def _dispatched(self, parsed: Parsed) -> Answer:
        method = parsed.call.method
        if parsed.call.is_function:
            return await calls.call_function(parsed)
        if method in _READING:
            return await read(parsed)
        if method == "POST":
            return await writes.insert(parsed, self._checks)
        if method == "PATCH":
            return await writes.update(parsed, self._checks)
        if method == "DELETE":
            return await writes.delete(parsed)
        return await writes.place(parsed, self._checks)

    async def _parsed(self, call: Call, identity: Identity, statements: Statements) -> Parsed:
        schema = self.schema_of(call)
        arguments = argument_names(call, statements.catalogue, schema) if call.is_function else frozenset[str]()
        target = parser.parse_target(call.query, arguments)
        preferences = parse_preferences(call.prefer) if call.prefer else NO_PREFERENCES
        if preferences.timezone or preferences.tx:
            preferences = await self._possible(preferences)
        form = parse_accept(call.headers.get("accept", ""), SCALAR if call.is_function else ROWS)
        if form.plan is not None and not self._settings.plan_enabled:
            raise failures.not_acceptable(call.headers.get("accept", ""))
        if not self._settings.aggregates_enabled and has_aggregates(target.select):
            raise failures.aggregates_disabled()
        return Parsed(call, self._state, identity, statements, schema, target, preferences, form)

    async def _possible(self, preferences: Preferences) -> Preferences:
        """Without a time zone that PostgreSQL does not know, and without what the settings forbid."""
        refused: list[str] = []
        if preferences.tx and not self._settings.tx_enabled:
            refused.append(f"tx={preferences.tx}")
            preferences = replace(preferences, tx=None)
        if preferences.timezone and preferences.timezone not in await self._known_timezones():
            refused.append(f"timezone={preferences.timezone}")
            preferences = replace(preferences, timezone=None)
        if refused and preferences.handling == "strict":
            raise failures.unknown_preferences(refused)
        return preferences

    async def _known_timezones(self) -> frozenset[str]:
        """Asked once: PostgreSQL reads a thousand files to answer."""
        async with self._asking:
            if self._timezones is None:
                names = await self._state.service.call(_TIMEZONES, reason="time zones belong to no caller")
                self._timezones = frozenset(names if isinstance(names, list) else ())  # pyright: ignore[reportUnknownArgumentType]
        return self._timezones
