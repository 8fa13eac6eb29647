"""Headers that an endpoint adds to what it passes on: sealed one by one for their owner, opened where they are sent."""

import base64
from uuid import UUID

import orjson

from zilliance.errors import UnavailableError
from zilliance.sealing import Sealed, Sealer, SealError


def seal_header(sealer: Sealer, owner: UUID | str, name: str, value: str) -> str:
    """A value as `api_endpoints.sealed_headers` keeps it: the id of the key, a dot, and what was sealed in base64."""
    sealed = sealer.seal(value.encode(), _place(owner, name))
    return f"{sealed.key_id}.{base64.b64encode(sealed.ciphertext).decode()}"


def open_headers(sealer: Sealer, owner: UUID | str, sealed: str | bytes) -> dict[str, str]:
    """The headers of an endpoint in plain text, of the JSON object that its `sealed_headers` are.

    Raises UnavailableError when one cannot be opened: its key is no longer among ours, or it was moved here.
    """
    held: dict[str, object] = orjson.loads(sealed)
    return {name: _opened(sealer, owner, name, value) for name, value in held.items()}


def _opened(sealer: Sealer, owner: UUID | str, name: str, value: object) -> str:
    key_id, _, ciphertext = str(value).partition(".")  # SQL and workflows can write whatever they like in its place
    try:
        return sealer.open(Sealed(key_id, base64.b64decode(ciphertext, validate=True)), _place(owner, name)).decode()
    except (SealError, ValueError) as error:
        raise UnavailableError(
            "A header that the owner of this endpoint configured cannot be opened: he must write it again",
            code="HEADERS_UNREADABLE",
            details={"header": name},  # for the owner alone
            hint="Operators: ZILLIANCE_SECRETS__PREVIOUS_KEYS must name the keys that were replaced",
        ) from error


def _place(owner: UUID | str, name: str) -> str:
    """No name of a secret has a slash in it, so that neither can take the place of the other."""
    return f"{owner}/gateway/{name.lower()}"
