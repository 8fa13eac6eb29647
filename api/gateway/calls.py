"""A request as the gateway passes it on, and what is counted of it on the way."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.gateway.paths import GatewayPath

RawHeaders = Sequence[tuple[bytes, bytes]]


@dataclass(slots=True)
class Call:
    """A request to be passed on.

    Attributes:
        query: percent-encoded.
        length: bytes of the body; None: it comes in chunks.
        client: the address that it came from.
        hop: how many calls of this platform led to it.
        sent: bytes of the body that came in.
        is_read: nothing more of it will come.
        is_receiving: somebody waits for more of it just now.
        taken: bytes of the answer's body that went out.
    """

    method: str
    path: GatewayPath
    query: str
    headers: RawHeaders
    length: int | None
    client: str
    scheme: str
    request_id: str
    hop: int
    sent: int = 0
    taken: int = 0
    is_read: bool = False
    is_receiving: bool = False

    def __post_init__(self) -> None:
        self.is_read = self.length == 0
