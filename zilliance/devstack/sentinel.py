"""One object that the S3 store must give back before it counts as ready: it lists its buckets before it can read them.

A volume server tells the master of all its volumes at once, so whoever can read one object can read all that are there.
"""

import asyncio
from dataclasses import dataclass

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from zilliance.devstack.part import NotReadyError
from zilliance.devstack.ports import LOOPBACK

BUCKET = "ready"
OBJECT = f"/{BUCKET}/sentinel"
CONTENT = b"what was stored can be read"
ANSWER_SECONDS = 3.0

OK, NOT_FOUND, CONFLICT = 200, 404, 409


@dataclass(frozen=True, slots=True)
class Sentinel:
    """The object in a bucket of its own, made once a home.

    Asked for by hand, with the signer alone: the whole S3 client takes half a second to import.
    """

    port: int
    access_key: str
    secret_key: str
    region: str

    async def read(self) -> None:
        """Raise NotReadyError unless the store gives back what it was given, in this life or in one before."""
        status, content = await self._ask("GET", OBJECT)
        if status == NOT_FOUND:
            await self._make()
            status, content = await self._ask("GET", OBJECT)
        if status != OK or content != CONTENT:
            message = f"GET {OBJECT} on port {self.port} answered {status}"
            raise NotReadyError(message)

    async def _make(self) -> None:
        for path, content, fine in ((f"/{BUCKET}", b"", {OK, CONFLICT}), (OBJECT, CONTENT, {OK})):
            status, _ = await self._ask("PUT", path, content)
            if status not in fine:
                message = f"PUT {path} on port {self.port} answered {status}"
                raise NotReadyError(message)

    async def _ask(self, method: str, path: str, content: bytes = b"") -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
                try:
                    writer.write(self._request(method, path, content))
                    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
                finally:
                    writer.close()
                    await writer.wait_closed()
            return int(head.split(b" ", 2)[1]), body
        except (OSError, ValueError, IndexError) as error:
            message = f"port {self.port}: {error or 'no answer'}"
            raise NotReadyError(message) from error

    def _request(self, method: str, path: str, content: bytes) -> bytes:
        host = f"{LOOPBACK}:{self.port}"
        signed = AWSRequest(method, f"http://{host}{path}", headers={"Host": host}, data=content)
        S3SigV4Auth(Credentials(self.access_key, self.secret_key), "s3", self.region).add_auth(signed)
        headers = {**dict(signed.headers.items()), "Content-Length": str(len(content)), "Connection": "close"}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + content
