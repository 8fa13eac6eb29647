"""The bytes of a source, for libav to read: it is given this object and no name, so it can open nothing by itself.

A local file is opened before any right is given up. A URL is read by ranged requests to the one address that its host
had at the start; redirects are not followed.
"""

import io
import os
import re
import socket
import ssl
import stat
from collections import OrderedDict
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

BLOCK_BYTES: Final = 128 * 1024
BLOCKS: Final = 128
MOST_AHEAD: Final = 8  # blocks at a time, for who reads on and on; who jumps from box to box wants a little of each
TIMEOUT_SECONDS: Final = 10.0
ATTEMPTS: Final = 3
PARTIAL, UNSATISFIABLE = 206, 416
_SIZE = re.compile(r"bytes (?:\*|\d+-\d+)/(\d+)")


class UnavailableSourceError(Exception):
    """The source could not be read this time."""


class Source(io.RawIOBase):
    """Something that can be read from anywhere, and knows its size."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Fewer bytes than asked for only at the end."""
        left = max(0, self.size - self._place)
        data = self.at(self._place, left if size < 0 else min(size, left))
        self._place += len(data)
        return data

    def at(self, offset: int, size: int) -> bytes:
        """So many bytes from there; within the source."""
        raise NotImplementedError


class LocalSource(Source):
    """A file of this machine."""

    def __init__(self, path: str) -> None:
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            status = os.fstat(self._file)
        except OSError as error:
            message = f"the local copy cannot be opened: {error.strerror}"
            raise UnavailableSourceError(message) from error
        if not stat.S_ISREG(status.st_mode):
            raise UnavailableSourceError("the local copy is no file")
        super().__init__(status.st_size)

    def at(self, offset: int, size: int) -> bytes:
        return os.pread(self._file, size, offset)


class RemoteSource(Source):
    """An object of the S3 store, by its presigned URL; the blocks that were read last are kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_tls else 80)
        self._target = f"{parts.path}?{parts.query}"
        self._tls = ssl.create_default_context() if self._is_tls else None
        self._blocks = OrderedDict[int, bytes]()
        self._connection = HTTPConnection(self._host, parts.port, timeout=TIMEOUT_SECONDS)
        try:
            self._address = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)[0][4]
        except OSError as error:
            message = f"the S3 store's host is not known: {error}"
            raise UnavailableSourceError(message) from error
        super().__init__(0)
        self._next = 0  # the block after those that were fetched last, and how many they were
        self._ahead = 1
        self._block(0)

    @property
    def port(self) -> int:
        return self._port

    def at(self, offset: int, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            number, within = divmod(offset + len(data), BLOCK_BYTES)
            part = self._block(number)[within : within + size - len(data)]
            if not part:
                break
            data += part
        return bytes(data)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._ahead = min(self._ahead * 2, MOST_AHEAD) if number == self._next else 1
            data = self._fetch(number, self._ahead)
            for place in range(self._ahead):
                self._blocks[number + place] = data[place * BLOCK_BYTES : (place + 1) * BLOCK_BYTES]
            self._next = number + self._ahead
            while len(self._blocks) > BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _fetch(self, number: int, count: int) -> bytes:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._request(number * BLOCK_BYTES, count * BLOCK_BYTES)
            except (OSError, HTTPException) as error:
                self._connection.close()
                if attempt == ATTEMPTS:
                    message = f"the S3 store does not answer: {error}"
                    raise UnavailableSourceError(message) from error
        raise UnavailableSourceError("the S3 store does not answer")

    def _request(self, start: int, size: int) -> bytes:
        """These bytes, as far as there are so many; the size of the whole comes with them."""
        if self._connection.sock is None:
            self._connection.sock = self._dial()
        self._connection.request("GET", self._target, headers={"Range": f"bytes={start}-{start + size - 1}"})
        answer = self._connection.getresponse()
        found = _SIZE.match(answer.headers.get("Content-Range", ""))
        if answer.status == UNSATISFIABLE:
            answer.read()
            return b""
        if answer.status != PARTIAL or found is None:
            self._connection.close()
            message = f"the S3 store answers with status {answer.status}"
            raise UnavailableSourceError(message)
        self.size = int(found[1])
        return answer.read(size)

    def _dial(self) -> socket.socket:
        plain = socket.create_connection((str(self._address[0]), self._port), TIMEOUT_SECONDS)
        return plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=self._host)


def opened(location: str) -> LocalSource | RemoteSource:
    """The source there. Raises UnavailableSourceError."""
    return LocalSource(location) if location.startswith("/") else RemoteSource(location)
