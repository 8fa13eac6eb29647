"""URLs that permit one thing with one object to whoever holds them, for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.state import AppState
from api.storage.access import SERVICE, acting
from api.storage.failures import invalid_signature, invalid_token, no_such_key
from api.storage.names import check_key
from api.storage.placing import Place, try_place
from zilliance.identity import Identity
from zilliance.tokens import DOWNLOAD, InvalidTokenError, UrlTokens

MAX_SECONDS = 365 * 24 * 3600
UPLOAD_SECONDS = 2 * 3600
NOT_SIGNED = "Either the object does not exist or you do not have access to it"

_UPLOAD = "upload"
_EXISTS = "SELECT true FROM storage.objects WHERE bucket_id = $1 AND name = $2"
_EXISTING = "SELECT name FROM storage.objects WHERE bucket_id = $1 AND name = ANY ($2)"


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """The path and query of a URL, below `/storage/v1`, and the token in it."""

    url: str
    token: str


async def sign_download(state: AppState, identity: Identity, bucket_id: str, name: str, seconds: int) -> SignedUrl:
    """Permit to read. Raises NoSuchKey unless the caller may read it."""
    async with acting(state, identity) as connection:
        found = await connection.fetchval(_EXISTS, bucket_id, name)
    if not found:
        raise no_such_key()
    return _signed_download(state.tokens.urls, bucket_id, name, seconds)


async def sign_downloads(
    state: AppState, identity: Identity, bucket_id: str, names: Sequence[str], seconds: int
) -> list[SignedUrl | None]:
    """Permit to read each; None where the caller may not, or there is nothing."""
    async with acting(state, identity) as connection:
        rows = await connection.fetch(_EXISTING, bucket_id, names)
    existing = {row["name"] for row in rows}
    urls = state.tokens.urls
    return [_signed_download(urls, bucket_id, name, seconds) if name in existing else None for name in names]


async def sign_upload(state: AppState, place: Place) -> SignedUrl:
    """Permit to upload in the caller's name. Raises what an upload of the caller's would now."""
    await try_place(state, place)
    claims = {
        "owner": str(place.owner) if place.owner else None,
        "url": place.key,
        "upsert": place.upsert,
        "scope": _UPLOAD,
    }
    token = state.tokens.urls.issue(claims, seconds=UPLOAD_SECONDS)
    return SignedUrl(f"/object/upload/sign/{_in_url(place.key)}?token={token}", token)


def check_download(urls: UrlTokens, token: str, bucket_id: str, name: str) -> None:
    """Whether a token permits to read this object. Raises InvalidJWT, InvalidSignature."""
    if _verified(urls, token, DOWNLOAD).get("url") != f"{bucket_id}/{name}":
        raise invalid_signature()


def read_upload(urls: UrlTokens, token: str) -> Place:
    """Where a token permits to upload, and for whom. Raises InvalidJWT, InvalidSignature."""
    claims = _verified(urls, token, _UPLOAD)
    bucket_id, _, name = str(claims["url"]).partition("/")
    owner = UUID(claims["owner"]) if claims.get("owner") else None
    return Place(bucket_id, check_key(name), SERVICE, owner, bool(claims.get("upsert")))


def _verified(urls: UrlTokens, token: str, scope: str) -> dict[str, Any]:
    try:
        claims = urls.verify(token)
    except InvalidTokenError as error:
        raise invalid_token(error.reason) from error
    if claims.get("scope") != scope:
        raise invalid_signature()
    return claims


def _signed_download(urls: UrlTokens, bucket_id: str, name: str, seconds: int) -> SignedUrl:
    return SignedUrl(*urls.sign_download(bucket_id, name, seconds=seconds))


def _in_url(name: str) -> str:
    """A name in a path. Clients encode the rest themselves; a question mark would end the path for them."""
    return name.replace("?", "%3F")
