"""A file on its way in: a raw body, or the file in a form."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from api.storage.contents import essence, read_type
from api.storage.descriptions import (
    read_cache_control,
    read_content_encoding,
    read_metadata_header,
    read_user_metadata,
)
from api.storage.failures import incomplete_body
from api.storage.forms import FORM_BYTES, Form
from api.storage.placing import Description

FORM = "multipart/form-data"


class Incoming(Protocol):
    """A file whose bytes have not been read yet."""

    def describe(self) -> Description:
        """What has been told so far; all of it when the chunks have ended. Raises InvalidRequest, InvalidMimeType."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes, once. Raises IncompleteBody when they break off."""
        ...


class RawBody:
    """The body is the file, and headers tell about it."""

    def __init__(self, headers: Mapping[str, str], stream: AsyncIterator[bytes]) -> None:
        self._headers = headers
        self._stream = stream

    def describe(self) -> Description:
        headers = self._headers
        return Description(
            read_type(headers.get("content-type")),
            read_cache_control(headers.get("cache-control")),
            read_content_encoding(headers.get("content-encoding")),
            read_metadata_header(headers.get("x-metadata")),
        )

    async def chunks(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            yield chunk
        if size < announced_size(self._headers):
            raise incomplete_body()


class FormBody:
    """The file is in a form, whose other fields tell about it."""

    def __init__(self, form: Form, headers: Mapping[str, str]) -> None:
        self._form = form
        self._headers = headers

    def describe(self) -> Description:
        form = self._form
        told = form.text("metadata")
        return Description(
            read_type(form.file_type),
            read_cache_control(form.text("cacheControl")),
            read_content_encoding(form.text("contentEncoding")),
            read_user_metadata(told) if told else read_metadata_header(self._headers.get("x-metadata")),
        )

    def chunks(self) -> AsyncIterator[bytes]:
        return self._form.chunks()


async def open_body(headers: Mapping[str, str], stream: AsyncIterator[bytes]) -> Incoming:
    """The file of a request; of a form what stands before the file is read. Raises InvalidRequest, IncompleteBody."""
    content_type = headers.get("content-type", "")
    if essence(content_type) != FORM:
        return RawBody(headers, stream)
    form = Form(stream, content_type)
    await form.reach_file()
    return FormBody(form, headers)


def announced_size(headers: Mapping[str, str]) -> int:
    """The bytes that the headers promise, 0 when they do not say."""
    text = headers.get("content-length", "")
    return int(text) if text.isdigit() else 0


def least_size(headers: Mapping[str, str]) -> int:
    """How large the file is at least, by the headers."""
    form = FORM_BYTES if essence(headers.get("content-type", "")) == FORM else 0
    return max(0, announced_size(headers) - form)
