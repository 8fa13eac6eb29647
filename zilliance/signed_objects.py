"""URLs that let their holder do one thing with one object of the S3 store: Signature Version 4 in the query.

The client's own signer takes 70 times as long, and a playlist holds a URL for each minute of a video.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from zilliance.settings import StorageSettings

LONGEST_SECONDS = 7 * 24 * 3600  # S3 takes no more
_ALGORITHM = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_UNRESERVED = "-_.~"


class ObjectUrls:
    """Signs without a round trip; the store checks when it is asked.

    Its URLs begin with the address of the store that those outside use, or with another `address` of it: what is
    signed holds at that one alone.
    """

    def __init__(self, settings: StorageSettings, address: str = "") -> None:
        place = urlsplit(address or settings.public_url)
        self._host = place.netloc.removesuffix(_DEFAULT_PORTS[place.scheme])  # which clients do not name
        self._folder = f"{place.path.rstrip('/')}/{settings.bucket}/"
        self._address = f"{place.scheme}://{self._host}"
        self._region = settings.region
        self._access_key = settings.access_key
        self._secret = settings.secret_key.get_secret_value()

    def sign(
        self,
        key: str,
        *,
        seconds: int,
        method: str = "GET",
        query: Mapping[str, str] | None = None,
        at: datetime | None = None,
        size: int | None = None,
    ) -> str:
        """A URL that permits `method` on an object for so many seconds from `at`, which is now where it is not given.

        `query` is signed, too: `uploadId` and `partNumber`, or what a download is to say of itself, such as
        `response-content-type`. With a `size`, the body must have so many bytes: clients say so of themselves.
        """
        signed, headers = ("host", "") if size is None else ("content-length;host", f"content-length:{size}\n")
        lifetime = min(seconds, LONGEST_SECONDS)
        terms = _terms(self._access_key, self._region, at or datetime.now(UTC), lifetime, signed)
        canonical = terms.query if query is None else _joined(terms.query, query)
        path = self._folder + quote(key, safe=f"/{_UNRESERVED}")
        request = f"{method}\n{path}\n{canonical}\n{headers}host:{self._host}\n\n{signed}\nUNSIGNED-PAYLOAD"
        to_sign = terms.preface + hashlib.sha256(request.encode()).hexdigest()
        signature = hmac.digest(_signing_key(self._secret, terms.day, self._region), to_sign.encode(), "sha256")
        return f"{self._address}{path}?{canonical}&X-Amz-Signature={signature.hex()}"


class _Terms(NamedTuple):
    """What all URLs have in common that are signed at one moment: a playlist holds hundreds."""

    day: str
    query: str
    preface: str


@lru_cache(maxsize=64)
def _terms(access_key: str, region: str, at: datetime, seconds: int, signed: str) -> _Terms:
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    query = (
        f"X-Amz-Algorithm={_ALGORITHM}&X-Amz-Credential={_quoted(f'{access_key}/{scope}')}&X-Amz-Date={moment}"
        f"&X-Amz-Expires={seconds}&X-Amz-SignedHeaders={_quoted(signed)}"
    )
    return _Terms(moment[:8], query, f"{_ALGORITHM}\n{moment}\n{scope}\n")


def _joined(query: str, more: Mapping[str, str]) -> str:
    """In the order of the names, as the signature has them."""
    said = (f"{_quoted(name)}={_quoted(value)}" for name, value in more.items())
    return "&".join(sorted([*query.split("&"), *said], key=lambda pair: pair.partition("=")[0]))


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return quote(text, safe=_UNRESERVED)


@lru_cache(maxsize=8)
def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
