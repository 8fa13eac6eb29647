"""Bodies of requests by media type: JSON, forms, multipart, text."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from workflows.language.problems import Kind, WorkflowFault

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Body:
    """A body: JSON for an object or a number, else text as it is sent.

    Attributes:
        media: its type; None leaves it to the kind of value.
    """

    media: str | None
    value: object


def preferred_media(offered: list[str]) -> str:
    """The type to send, of those that an operation takes: JSON first, since the values of tasks are JSON."""
    bare = [each.partition(";")[0].strip().lower() for each in offered]
    for wanted in (_is_json, FORM.__eq__, MULTIPART.__eq__, _is_text):
        for media in bare:
            if wanted(media):
                return _JSON if "*" in media else media
    return bare[0] if bare else _JSON


def body_of(media: str, value: object) -> Body:
    """A value in a media type; raises a fault for a value that it cannot hold."""
    if _is_json(media):
        # A text is JSON too, in quotes; as a string it would be sent bare.
        return Body(media, _quoted(value) if isinstance(value, str) else value)
    if media in {FORM, MULTIPART} and isinstance(value, Mapping):
        return form_of([media], cast("Mapping[str, object]", value))
    if isinstance(value, str):
        return Body(media, value)
    detail = f"the operation takes a body of type {media}: give it as text, not {plain(value):.80}"
    raise WorkflowFault.of(Kind.VALIDATION, detail)


def form_of(consumed: list[str], fields: Mapping[str, object]) -> Body:
    """A form; multipart when that is all that is taken."""
    if MULTIPART in consumed and FORM not in consumed:
        return _multipart(fields)
    return Body(FORM, urlencode(list(_pairs(fields))))


def _multipart(fields: Mapping[str, object]) -> Body:
    pairs = list(_pairs(fields))
    # The same for every attempt, and longer than anything that a value could hold by chance.
    boundary = hashlib.sha256(repr(pairs).encode()).hexdigest()
    heads = [f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(name)}"' for name, _ in pairs]
    parts = [f"{head}\r\n\r\n{text}\r\n" for head, (_, text) in zip(heads, pairs, strict=True)]
    return Body(f"{MULTIPART}; boundary={boundary}", f"{''.join(parts)}--{boundary}--\r\n")


def _pairs(fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        items = cast("list[object]", value) if isinstance(value, list) else [value]
        yield from ((name, plain(item)) for item in items if item is not None)


def _escaped(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _is_json(media: str) -> bool:
    return media in {_JSON, "*/*", "application/*"} or media.endswith("+json")


def _is_text(media: str) -> bool:
    return media.startswith("text/")


def plain(value: object) -> str:
    """A value as text; an object or array inside another as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def written_body(value: object, headers: dict[str, str]) -> bytes | None:
    """The bytes of a body under the headers that its author gave, to which the type is added where it is missing.

    A text goes out as it is, an object under a form's type as a form, everything else as JSON.
    """
    if value is None:
        return None
    given = header_of(headers, "content-type")
    if given is None:
        headers["Content-Type"] = "text/plain; charset=utf-8" if isinstance(value, str) else _JSON
    media = "" if given is None else headers[given].partition(";")[0].strip().lower()
    if given is not None and media in {FORM, MULTIPART} and isinstance(value, Mapping):
        form = form_of([media], cast("Mapping[str, object]", value))
        headers[given] = form.media or media
        value = form.value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def header_of(headers: Mapping[str, str], name: str) -> str | None:
    """The spelling in which a header is given; `name` is in lower case."""
    return next((given for given in headers if given.lower() == name), None)
