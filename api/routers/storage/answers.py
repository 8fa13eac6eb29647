"""Answers that carry the bytes of an object, as they come from the store."""

from fastapi import Request, Response

from api.object_responses import ObjectResponse
from api.state import AppState
from api.storage.downloads import Manner, answer_for
from api.storage.failures import no_such_key
from api.storage.objects import Found
from zilliance.storage import object_key


def answer(request: Request, state: AppState, found: Found, manner: Manner) -> Response:
    """The object, a part of it, or that the asker has it already. Raises InvalidRange."""
    said = answer_for(found, request.headers, manner)
    if request.method == "HEAD" or not said.has_body:
        return Response(status_code=said.status, headers=said.headers)
    key = object_key(found.version)
    return ObjectResponse(
        state.store, key, status=said.status, headers=said.headers, span=said.span, missing=no_such_key
    )
