"""Errors become answers here, once: our own, PostgreSQL's and the framework's, in the envelope of their prefix."""

import logging
import re
from typing import Annotated

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.envelopes import render
from zilliance.database import PostgresError
from zilliance.enums import Role
from zilliance.errors import AppError, InvalidInputError, UnavailableError

log = logging.getLogger(__name__)

# SQLSTATE, or its class, to HTTP status. As PostgREST maps them, but 500 stays for what is our fault alone.
_STATUS_BY_STATE = {"23503": 409, "23505": 409, "42501": 403, "42P01": 404, "42883": 404, "25006": 405, "57014": 504}
_STATUS_BY_CLASS = {
    **dict.fromkeys(("08", "53"), 503),
    **dict.fromkeys(("28", "0L", "0P"), 403),
    **dict.fromkeys(("40", "55", "57", "58", "XX"), 500),  # not 54: more columns or words than fit is what was asked
}
_RAISED_STATUS = re.compile("PT[45][0-9]{2}")  # RAISE SQLSTATE 'PT402': the status that a function answers with
_RAISED_ANSWER = "PGRST"
_SERVER_FAULT = 500
_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "PAYLOAD_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE"}


class _Raised(BaseModel):
    """The MESSAGE of RAISE SQLSTATE 'PGRST'."""

    code: str = Field(pattern="^[ -~]{1,100}$")
    message: str
    details: str | None = None
    hint: str | None = None


class _RaisedFrame(BaseModel):
    """The DETAIL of RAISE SQLSTATE 'PGRST'."""

    status: int = Field(ge=200, le=599)
    headers: dict[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")], Annotated[str, Field(pattern=r"^[\t -~]*$")]
    ] = Field(default_factory=dict)


def install(app: FastAPI) -> None:
    """Give the application its renderers."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(PostgresError, _postgres_error)
    app.add_exception_handler(ClientDisconnect, _broken_body)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unexpected)


def of_postgres(error: PostgresError, role: Role | None = None) -> AppError:
    """What PostgreSQL's refusal means to the caller: its own words where it speaks of the caller's input."""
    state = error.sqlstate or "XX000"
    status = _STATUS_BY_STATE.get(state) or _STATUS_BY_CLASS.get(state[:2], 400)
    if state == _RAISED_ANSWER:
        return _raised_answer(error)
    if _RAISED_STATUS.fullmatch(state):
        return _worded(error, int(state[2:]))
    if status == _STATUS_BY_CLASS["08"]:
        return UnavailableError("The database cannot take this now; try again shortly", code=state)
    if state == "57014":
        return AppError("The statement took too long and was cancelled", status=504, code=state)
    if status == _SERVER_FAULT:
        log.error("database fault", exc_info=error, extra={"sqlstate": state})
        return AppError("Internal server error", code=state)
    if state == "42501" and role is Role.ANON:
        status = 401
    return _worded(error, status)


def _worded(error: PostgresError, status: int) -> AppError:
    message, details, hint = str(error.args[0]), _text(error, "detail"), _text(error, "hint")
    return AppError(message, status=status, code=error.sqlstate, details=details, hint=hint)


def _raised_answer(error: PostgresError) -> AppError:
    """What a function says in full: code and message in the message, status and headers in the detail, as JSON."""
    try:
        body = _Raised.model_validate_json(str(error.args[0]))
        frame = _RaisedFrame.model_validate_json(_text(error, "detail") or "")
    except ValidationError as invalid:
        return AppError(
            "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
            code="PGRST121",
            details=f"{invalid.title.strip('_')}: {invalid.errors()[0]['msg']}",
            hint="MESSAGE must be a JSON object with code and message, and may have details and hint;"
            " DETAIL one with status and headers",
        )
    return AppError(
        body.message,
        status=frame.status,
        code=body.code,
        details=body.details,
        hint=body.hint,
        headers=frame.headers,
    )


def _text(error: PostgresError, field: str) -> str | None:
    value: str | None = getattr(error, field, None)
    return value


async def _app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101  how Starlette registers handlers: by class, typed by Exception
    return render(request, error)


async def _postgres_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PostgresError)  # noqa: S101
    return render(request, of_postgres(error, getattr(request.state, "role", None)))


async def _broken_body(request: Request, error: Exception) -> Response:
    """The sender went away, or what it sent is not framed as its headers say: no fault of ours, nothing to log."""
    assert isinstance(error, ClientDisconnect)  # noqa: S101
    return render(request, InvalidInputError("The body ended before it was complete", code="INCOMPLETE_BODY"))


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    problems = [
        {"field": ".".join(str(part) for part in each["loc"]), "message": each["msg"]} for each in error.errors()
    ]
    first = problems[0]
    message = f"{first['field']}: {first['message']}"
    return render(request, InvalidInputError(message, code="VALIDATION_FAILED", details={"problems": problems}))


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _CODES.get(error.status_code, "HTTP_ERROR")
    message = "No such path" if error.status_code == 404 else str(error.detail)  # noqa: PLR2004
    return render(request, AppError(message, status=error.status_code, code=code, headers=error.headers))


async def _unexpected(request: Request, error: Exception) -> Response:
    """Anything else is a fault of ours: the log has the reason, the caller a number to name it by."""
    request_id: str = getattr(request.state, "request_id", "")
    log.error("unexpected error", exc_info=error, extra={"request_id": request_id})
    return render(request, AppError("Internal server error", details={"request_id": request_id}))
