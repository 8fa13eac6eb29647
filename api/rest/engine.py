"""One request of the data API from its parts to its answer: parse, shape, statement, one transaction, bytes."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from api.rest import answers, documents, failures, parser
from api.rest.answers import Answer, Result
from api.rest.catalogue import Relation, load
from api.rest.documents import Check, Document
from api.rest.headers import NO_PREFERENCES, Preferences, parse_preferences, parse_range, wants_object
from api.rest.plan import Action, Conflict, Returned, Shape
from api.rest.query import Target
from api.rest.statements import Statements
from api.state import AppState
from zilliance.database import PostgresError
from zilliance.errors import AppError
from zilliance.identity import Identity

RELOAD_SECONDS = 5.0  # how often an unknown name may make us look again

_ACTIONS = {
    "GET": Action.READ, "HEAD": Action.READ, "POST": Action.INSERT, "PATCH": Action.UPDATE, "DELETE": Action.DELETE,
}  # fmt: skip
_RETURNED = {"representation": Returned.ROWS, "headers-only": Returned.KEYS}
_STALE = frozenset({"PGRST204", "PGRST205", "42703", "42P01", "42704"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the HTTP layer has it. Header names are in lower case."""

    method: str
    table: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A call that was understood: what it is about, who asks, and which statements serve it."""

    call: Call
    identity: Identity
    statements: Statements
    relation: Relation
    target: Target
    preferences: Preferences
    is_object: bool


class Engine:
    """Serves every relation of the exposed schemas. `checks` look at the rows of a table before they are written."""

    def __init__(self, state: AppState, checks: Mapping[str, Check]) -> None:
        self._state = state
        self._checks = checks
        self._settings = state.settings.rest
        self._statements: Statements | None = None
        self._loaded_at = 0.0

    async def reload(self) -> Statements:
        """Read the catalogue anew. Statements that were made from the old one go with it."""
        async with self._state.service.service(reason="the catalogue belongs to no caller") as connection:
            catalogue = await load(connection, self._settings.schemas)
        self._statements = Statements(catalogue)
        self._loaded_at = time.monotonic()
        return self._statements

    async def answer(self, call: Call, identity: Identity) -> Answer:
        """Raises AppError, and PostgreSQL's own errors.

        A name that the catalogue has not may be newer than the catalogue, and one that PostgreSQL has not may be gone
        since, so the catalogue is read again before saying no.
        """
        try:
            return await self._answer(call, identity, self._statements or await self.reload())
        except (AppError, PostgresError) as error:
            code = error.code if isinstance(error, AppError) else error.sqlstate
            if code not in _STALE or time.monotonic() - self._loaded_at < RELOAD_SECONDS:
                raise
        self._loaded_at = time.monotonic()  # now rather than when it is read: many at once must not all read it
        return await self._answer(call, identity, await self.reload())

    async def _answer(self, call: Call, identity: Identity, statements: Statements) -> Answer:
        action = _ACTIONS.get(call.method)
        if action is None:
            raise failures.method_not_allowed(call.method)
        prefer = call.headers.get("prefer")
        parsed = _Parsed(
            call,
            identity,
            statements,
            statements.catalogue.relation(self._schema(call), call.table),
            parser.parse_target(call.query),
            parse_preferences(prefer) if prefer else NO_PREFERENCES,
            wants_object(call.headers.get("accept", "")),
        )
        if action is Action.READ:
            return await self._read(parsed)
        if action is Action.INSERT:
            return await self._insert(parsed)
        return await self._change(parsed, action)

    def _schema(self, call: Call) -> str:
        header = "accept-profile" if call.method in {"GET", "HEAD"} else "content-profile"
        schema = call.headers.get(header) or self._settings.schemas[0]
        if schema not in self._settings.schemas:
            raise failures.unknown_schema(schema, self._settings.schemas)
        return schema

    async def _read(self, parsed: _Parsed) -> Answer:
        call, target, relation = parsed.call, parsed.target, parsed.relation
        limit, offset = self._page(call, target)
        shape = Shape(
            Action.READ,
            relation.schema,
            relation.name,
            parsed.identity.role.value,
            target.select,
            target.where,
            target.order,
            is_paged=offset > 0,
            is_counted=parsed.preferences.count is not None,
        )
        paging = (str(limit), str(offset)) if offset else (str(limit),)
        text = parsed.statements.of(shape)
        async with self._state.transaction(parsed.identity) as connection:
            result = _result(await connection.fetchrow(text, *target.values, *paging))
        if parsed.is_object and result.rows != 1:
            raise failures.not_single(result.rows)
        location = f"/{quote(call.table)}"
        if call.query:
            location += f"?{call.query.decode('latin-1')}"
        return answers.read(
            result,
            location=location,
            offset=offset,
            is_object=parsed.is_object,
            preferences=parsed.preferences,
        )

    def _page(self, call: Call, target: Target) -> tuple[int, int]:
        """The rows that parameters, `Range` and the settings allow in common, and where they begin."""
        first, rows = parse_range(call.headers.get("range"), call.headers.get("range-unit"))
        given = (target.limit, rows, self._settings.max_rows)
        return min(limit for limit in given if limit is not None), target.offset + first

    async def _insert(self, parsed: _Parsed) -> Answer:
        call, preferences = parsed.call, parsed.preferences
        document = documents.new_rows(call.body, parsed.target.columns, self._checks.get(call.table))
        conflict = None
        if preferences.resolution is not None:
            conflict = Conflict(parsed.target.on_conflict, merge=preferences.resolution == "merge-duplicates")
        shape = _write_shape(parsed, Action.INSERT, document.columns, conflict)
        arguments = (document.text,) if document.columns else ()  # a row of defaults needs no document
        result = await self._written(parsed, shape if document.rows else None, *arguments)
        return answers.inserted(
            result,
            returned=shape.returned,
            table=call.table,
            is_object=parsed.is_object,
            preferences=preferences,
        )

    async def _change(self, parsed: _Parsed, action: Action) -> Answer:
        """Update or delete."""
        if not parsed.target.where:
            raise failures.unfiltered(action.value.upper())
        document = None
        if action is Action.UPDATE:
            document = documents.changes(parsed.call.body, parsed.target.columns, self._checks.get(parsed.call.table))
        shape = _write_shape(parsed, action, document.columns if document else ())
        arguments = (document.text, *parsed.target.values) if document else parsed.target.values
        result = await self._written(parsed, None if _is_empty(document) else shape, *arguments)
        return answers.changed(
            result,
            returned=shape.returned,
            is_object=parsed.is_object,
            preferences=parsed.preferences,
            removed=action is Action.DELETE,
        )

    async def _written(self, parsed: _Parsed, shape: Shape | None, *arguments: str) -> Result:
        """Run a writing statement; without a shape there is nothing to write, but the caller must still be let in.

        What is refused here raises inside the transaction: everything that was written is taken back.
        """
        text = parsed.statements.of(shape) if shape else None
        limit = parsed.preferences.max_affected if parsed.preferences.handling == "strict" else None
        async with self._state.transaction(parsed.identity) as connection:
            result = _result(await connection.fetchrow(text, *arguments)) if text else Result("[]", 0)
            if parsed.is_object and parsed.preferences.returned == "representation" and result.rows != 1:
                raise failures.not_single(result.rows)
            if limit is not None and result.rows > limit:
                raise failures.too_many_affected(result.rows)
        return result


def _write_shape(parsed: _Parsed, action: Action, columns: tuple[str, ...], conflict: Conflict | None = None) -> Shape:
    returned = _RETURNED.get(parsed.preferences.returned or "", Returned.NOTHING)
    return Shape(
        action,
        parsed.relation.schema,
        parsed.relation.name,
        parsed.identity.role.value,
        parsed.target.select,
        () if action is Action.INSERT else parsed.target.where,
        parsed.target.order if returned is Returned.ROWS else (),
        columns,
        returned=returned,
        conflict=conflict,
    )


def _is_empty(document: Document | None) -> bool:
    """An empty object updates nothing."""
    return document is not None and not document.columns


def _result(row: Iterable[tuple[str, Any]] | None) -> Result:
    """A statement names its columns after the fields."""
    return Result(**dict(row or ()))
