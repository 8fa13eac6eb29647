"""What a stranger may try on one object: every verb of storage."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from tests.canary.exchange import NEEDLE, Ask, Headers
from tests.canary.object_planting import BUCKETS, TUS

_RANGE = {"range": "bytes=0-3"}
_UPSERT = {"x-upsert": "true"}
_OFFSET = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}


def downloads(bucket: str, token: str) -> Iterator[Ask]:
    """Reads of an object by its name. `token` is of a URL that was signed for another object."""
    place = f"{bucket}/{NEEDLE}"
    for way in ("", "authenticated/", "public/"):
        for headers in ({}, _RANGE, {"range": "bytes=999999-"}, {"if-none-match": "*"}):
            yield Ask("GET", f"object/{way}{place}", "name", headers)
        yield Ask("HEAD", f"object/{way}{place}", "name")
        yield Ask("GET", f"object/{way}{place}?download=", "name")
        yield Ask("GET", f"object/info/{way}{place}", "name")
        yield Ask("HEAD", f"object/info/{way}{place}", "name")
    for each in (token, "x", ""):
        yield Ask("GET", f"object/sign/{place}?token={each}", "name")
        yield Ask("HEAD", f"object/sign/{place}?token={each}", "name")
    yield Ask("GET", f"render/image/authenticated/{place}?width=10", "name")
    yield Ask("POST", f"object/sign/{place}", "name", body={"expiresIn": 60})
    yield Ask("POST", f"object/sign/{bucket}", "name", body={"expiresIn": 60, "paths": [NEEDLE, NEEDLE]})


def listings(bucket: str, folder: str) -> Iterator[Ask]:
    """Lists that the object would be in. `folder` is its owner's."""
    for column in ("name", "created_at", "updated_at", "last_accessed_at"):
        for prefix in ("", folder, f"{folder}/"):
            sort = {"column": column, "order": "desc"}
            yield Ask("POST", f"object/list/{bucket}", body={"prefix": prefix, "limit": 1000, "sortBy": sort})
            yield Ask("POST", f"object/list-v2/{bucket}", body={"prefix": prefix, "sortBy": sort})
    yield Ask("POST", f"object/list/{bucket}", body={"prefix": "", "search": folder[:10]})
    yield Ask("POST", f"object/list/{bucket}", body={"prefix": folder, "search": "canary", "offset": 0})
    yield Ask("POST", f"object/list/{bucket}", "prefix", body={"prefix": NEEDLE})
    for more in ({}, {"with_delimiter": True}, {"limit": 1}, {"sortBy": {"column": "created_at", "order": "asc"}}):
        yield Ask("POST", f"object/list-v2/{bucket}", body={"prefix": "", **more})
        yield Ask("POST", f"object/list-v2/{bucket}", "prefix", body={"prefix": NEEDLE, **more})
    for path in ("bucket", f"bucket/{bucket}", "bucket?search=a"):
        yield Ask("GET", path)


def writes(bucket: str, token: str) -> Iterator[Ask]:
    """Writes over an object. `token` is of a URL that was signed for an upload of another object."""
    place = f"object/{bucket}/{NEEDLE}"
    file = {"content-type": BUCKETS[bucket]}
    for headers in (file, {**file, **_UPSERT}):
        yield Ask("POST", place, "name", headers, b"mine")
        yield Ask("POST", place, "name", {**headers, **_FORM}, _form(BUCKETS[bucket]))
        yield Ask("POST", f"object/upload/sign/{bucket}/{NEEDLE}", "name", headers)
    yield Ask("PUT", place, "name", file, b"mine")
    for each in (token, "x"):
        yield Ask("PUT", f"object/upload/sign/{bucket}/{NEEDLE}?token={each}", "name", file, b"mine")
    yield from _resumable_uploads(bucket)
    yield Ask("DELETE", place, "name")
    yield Ask("DELETE", f"object/{bucket}", "name", body={"prefixes": [NEEDLE]})
    yield Ask("DELETE", f"object/{bucket}", "name", body={"prefixes": [NEEDLE, NEEDLE, "x"]})


def relocations(bucket: str, own: str) -> Iterator[Ask]:
    """Moves and copies over an object. `own` is an object of the caller's."""
    for verb, headers, more in _RELOCATIONS:
        yield Ask("POST", verb, "name", headers, _relocation(bucket, own, NEEDLE, **more))
        for target in BUCKETS:
            yield Ask("POST", verb, "name", headers, _relocation(bucket, own, NEEDLE, destinationBucket=target, **more))


def takings(bucket: str, own: str) -> Iterator[Ask]:
    """Moves and copies of an object into a folder of the caller's, and onto an object of the caller's."""
    for verb, headers, more in _RELOCATIONS:
        for destination in (f"{own}.taken", own):
            yield Ask("POST", verb, "name", headers, _relocation(bucket, NEEDLE, destination, **more))


_FORM = {"content-type": "multipart/form-data; boundary=b"}
_RELOCATIONS: list[tuple[str, Headers, dict[str, Any]]] = [
    ("object/move", {}, {}),
    ("object/copy", {}, {}),
    ("object/copy", _UPSERT, {"copyMetadata": True}),
]


def _relocation(bucket: str, source: str, destination: str, **more: Any) -> dict[str, Any]:
    return {"bucketId": bucket, "sourceKey": source, "destinationKey": destination, **more}


def _form(media: str) -> bytes:
    part = f'--b\r\ncontent-disposition: form-data; name=""; filename="f"\r\ncontent-type: {media}\r\n\r\nmine\r\n--b--'
    return f"{part}\r\n".encode()


def _resumable_uploads(bucket: str) -> Iterator[Ask]:
    media = b64encode(BUCKETS[bucket].encode()).decode()
    values = f"bucketName {b64encode(bucket.encode()).decode()},objectName {NEEDLE},contentType {media}"
    for headers in ({}, _UPSERT):
        begin = {**TUS, **headers, "upload-length": "4", "upload-metadata": values}
        yield Ask("POST", "upload/resumable", "name64", begin)
        yield Ask("POST", "upload/resumable", "name64", {**begin, **_OFFSET}, b"mine")
        yield Ask("POST", "upload/resumable/sign", "name64", {**begin, "x-signature": "x"})
    upload = f"upload/resumable/{NEEDLE}"
    yield Ask("HEAD", upload, "upload", TUS)
    yield Ask("PATCH", upload, "upload", {**TUS, **_OFFSET}, b"mine")
    yield Ask("PATCH", upload, "upload", {**TUS, **_OFFSET, "upload-offset": "7"}, b"mine")
    yield Ask("DELETE", upload, "upload", TUS)
    yield Ask("HEAD", f"upload/resumable/sign/{NEEDLE}", "upload", {**TUS, "x-signature": "x"})
