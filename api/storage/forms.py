"""A form with a file in it, taken apart while it comes in: nothing of the file is kept."""

from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.storage.failures import incomplete_body, invalid_request

FORM_BYTES = 1024 * 1024  # that a form may have beside its file
MAX_FIELDS = 16
MAX_FIELD_BYTES = 64 * 1024
_FILE_NAMES = frozenset({b"", b"file"})  # without a file name it is a file all the same


class Form:
    """The fields of a form, and its one file.

    Attributes:
        fields: those that have come so far; all of them when the chunks of the file have ended.
        file_type: the file's own content type.
    """

    def __init__(self, stream: AsyncIterator[bytes], content_type: str) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise invalid_request("The Content-Type of a form names its boundary")
        self.fields: dict[str, bytearray] = {}
        self.file_type: str | None = None
        self._stream = stream
        self._headers: dict[bytes, bytes] = {}
        self._header = (bytearray(), bytearray())
        self._field: bytearray | None = None  # None within the file
        self._has_file = False
        self._file_data: list[bytes] = []
        self._has_ended = False
        self._beside = 0  # bytes that are not the file's
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_begin": self._begin_header,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._begin_part,
                    "on_part_data": self._take,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise invalid_request("The boundary of the form is not valid") from error

    async def reach_file(self) -> None:
        """Read on until the file begins. Raises InvalidRequest when there is none."""
        while not self._has_file:
            if self._has_ended:
                raise invalid_request("No file provided")
            await self._read()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file. Raises IncompleteBody when the form breaks off."""
        while True:
            if self._file_data:
                chunk = b"".join(self._file_data)
                self._file_data.clear()
                yield chunk
            if self._has_ended:
                return
            await self._read()

    def text(self, name: str) -> str | None:
        """A field's text. Raises InvalidRequest when it is not UTF-8."""
        if name not in self.fields:
            return None
        try:
            return self.fields[name].decode()
        except UnicodeDecodeError as error:
            raise invalid_request(f"The field {name} is not UTF-8") from error

    async def _read(self) -> None:
        data = await anext(self._stream, None)
        if data is None:
            raise incomplete_body()
        self._beside += len(data)
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise invalid_request("The form is not valid multipart/form-data") from error
        if self._beside > FORM_BYTES:
            raise invalid_request(f"The form has more than {FORM_BYTES} bytes beside its file")

    def _begin_header(self) -> None:
        self._header = (bytearray(), bytearray())

    def _end_header(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)

    def _begin_part(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"").decode("latin-1")
        parameters = parse_options_header(disposition)[1]
        name = parameters.get(b"name", b"")
        if b"filename" in parameters or name in _FILE_NAMES:
            if self._has_file:
                raise invalid_request("The form has more than one file")
            self._has_file, self._field = True, None
            self.file_type = self._headers.get(b"content-type", b"").decode("latin-1") or None
            return
        if len(self.fields) >= MAX_FIELDS:
            raise invalid_request(f"The form has more than {MAX_FIELDS} fields")
        self._field = self.fields[name.decode("latin-1")] = bytearray()

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._file_data.append(data[start:end])
            self._beside -= end - start
            return
        if len(self._field) + end - start > MAX_FIELD_BYTES:
            raise invalid_request(f"A field of the form is longer than {MAX_FIELD_BYTES} bytes")
        self._field += data[start:end]

    def _end(self) -> None:
        self._has_ended = True
