"""One bucket of an S3 store, by calls that block: `zilliance.storage` makes them in threads."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from zilliance.errors import UnavailableError
from zilliance.s3_errors import MissingObjectError, error_code, store_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType
    from mypy_boto3_s3.type_defs import (
        CompletedPartTypeDef,
        CORSRuleTypeDef,
        CreateBucketRequestTypeDef,
        GetObjectRequestTypeDef,
    )

    from zilliance.settings import StorageSettings

DELETED_AT_ONCE = 1000  # S3's own limit

_CONNECT_SECONDS = 5
_ANSWER_SECONDS = 60
_ATTEMPTS = 3
_CONNECTIONS = 64
_BROWSERS: CORSRuleTypeDef = {
    "AllowedOrigins": ["*"],
    "AllowedMethods": ["GET", "HEAD", "PUT"],
    "AllowedHeaders": ["*"],
    "ExposeHeaders": ["ETag", "Content-Range", "Content-Length", "Accept-Ranges"],
    "MaxAgeSeconds": 86_400,
}
_HOME_REGION = "us-east-1"  # the one that S3 refuses to be told by name


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the store has it: its bytes, and its ETag without quotes."""

    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload; numbers start at 1, and the ETag has no quotes."""

    number: int
    etag: str
    size: int


class Body:
    """What one object, or a span of it, has to be read; `left` counts the bytes to come."""

    def __init__(self, stream: StreamingBody, size: int) -> None:
        self._stream = stream
        self.left = size

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end. Raises UnavailableError when it breaks off before."""
        with store_errors():
            chunk = self._stream.read(size)
        self.left -= len(chunk)
        return chunk

    def close(self) -> None:
        """Give up the connection unless everything was read."""
        self._stream.close()


class Bucket:
    """Every method raises UnavailableError when the store cannot be reached or says that it is too busy."""

    def __init__(self, client: S3Client, name: str) -> None:
        self._client = client
        self.name = name

    @classmethod
    def of(cls, settings: StorageSettings) -> Bucket:
        """Nothing is dialled."""
        return cls(_client(settings), settings.bucket)

    def close(self) -> None:
        self._client.close()

    def make(self) -> None:
        """Make the bucket unless it is there. Two may try at once, and one made by others need not let us make it."""
        with store_errors():
            try:
                self._client.head_bucket(Bucket=self.name)
            except ClientError as error:
                if error_code(error) not in {"404", "NoSuchBucket"}:
                    raise
                self._create()
            self._open_to_browsers()

    def put(self, key: str, body: bytes | bytearray) -> Stored:
        with store_errors():
            answer = self._client.put_object(Bucket=self.name, Key=key, Body=cast("bytes", body))
        return Stored(len(body), _unquoted(answer["ETag"]))

    def open(self, key: str, first: int, last: int | None) -> Body:
        """Begin to read, the bytes from `first` to `last`, both included. Raises MissingObjectError."""
        request: GetObjectRequestTypeDef = {"Bucket": self.name, "Key": key}
        if first or last is not None:  # an empty object has no byte 0 to ask for
            request["Range"] = f"bytes={first}-{'' if last is None else last}"
        with store_errors():
            answer = self._client.get_object(**request)
        return Body(answer["Body"], answer["ContentLength"])

    def stat(self, key: str) -> Stored:
        """Raises MissingObjectError."""
        with store_errors():
            answer = self._client.head_object(Bucket=self.name, Key=key)
        return Stored(answer["ContentLength"], _unquoted(answer["ETag"]))

    def copy(self, source: str, target: str, size: int) -> Stored:
        with store_errors():
            answer = self._client.copy_object(
                Bucket=self.name, Key=target, CopySource={"Bucket": self.name, "Key": source}
            )
        return Stored(size, _unquoted(answer["CopyObjectResult"].get("ETag", "")))

    def delete(self, keys: Sequence[str]) -> None:
        """Delete up to DELETED_AT_ONCE objects; those that are missing are no error."""
        with store_errors():
            answer = self._client.delete_objects(
                Bucket=self.name, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        kept = [error for error in answer.get("Errors", []) if error.get("Code") != "NoSuchKey"]
        if kept:
            message = f"The object store did not delete {len(kept)} of {len(keys)} objects; try again shortly"
            raise UnavailableError(message, details=[error.get("Code") for error in kept[:5]])

    def keys(self, prefix: str) -> list[str]:
        """Keys that begin so, up to DELETED_AT_ONCE of them."""
        with store_errors():
            answer = self._client.list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=DELETED_AT_ONCE)
        return [each["Key"] for each in answer.get("Contents", []) if "Key" in each]

    def begin(self, key: str) -> str:
        """Begin a multipart upload; its id."""
        with store_errors():
            return self._client.create_multipart_upload(Bucket=self.name, Key=key)["UploadId"]

    def put_part(self, key: str, upload_id: str, number: int, body: bytes | bytearray) -> Part:
        with store_errors():
            answer = self._client.upload_part(
                Bucket=self.name, Key=key, UploadId=upload_id, PartNumber=number, Body=cast("bytes", body)
            )
        return Part(number, _unquoted(answer["ETag"]), len(body))

    def copy_part(self, key: str, upload_id: str, number: int, source: str, span: range) -> Part:
        """One part from a span of the bytes of another object."""
        with store_errors():
            answer = self._client.upload_part_copy(
                Bucket=self.name,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                CopySource={"Bucket": self.name, "Key": source},
                CopySourceRange=f"bytes={span.start}-{span.stop - 1}",
            )
        return Part(number, _unquoted(answer["CopyPartResult"].get("ETag", "")), len(span))

    def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> Stored:
        """Make one object of the parts. Raises MissingObjectError without the upload."""
        ordered = sorted(parts, key=lambda part: part.number)
        named: list[CompletedPartTypeDef] = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in ordered]
        with store_errors():
            answer = self._client.complete_multipart_upload(
                Bucket=self.name, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
            )
        return Stored(sum(part.size for part in ordered), _unquoted(answer["ETag"]))

    def abort(self, key: str, upload_id: str) -> None:
        """Forget a multipart upload and its parts; one that is not there is no error."""
        try:
            with store_errors():
                self._client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)
        except MissingObjectError:
            return

    def uploads(self, prefix: str) -> list[tuple[str, str]]:
        """Every multipart upload of keys that begin so: its key, and its id."""
        with store_errors():
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.name, Prefix=prefix)
            found = [each for page in pages for each in page.get("Uploads", [])]
        return [(each["Key"], each["UploadId"]) for each in found if "Key" in each and "UploadId" in each]

    def parts(self, key: str, upload_id: str) -> list[Part]:
        """What has come of a multipart upload, by number. Raises MissingObjectError without the upload."""
        with store_errors():
            pages = self._client.get_paginator("list_parts").paginate(Bucket=self.name, Key=key, UploadId=upload_id)
            found = [each for page in pages for each in page.get("Parts", [])]
        return [Part(each.get("PartNumber", 0), _unquoted(each.get("ETag", "")), each.get("Size", 0)) for each in found]

    def _open_to_browsers(self) -> None:
        """Let pages of any origin use signed URLs: these are what permits. Rules that the operator made stay.

        A store that does not let us is still one to keep objects in; then its operator makes the rules.
        """
        try:
            self._client.get_bucket_cors(Bucket=self.name)
        except ClientError as error:
            if error_code(error) != "NoSuchCORSConfiguration":
                return
        else:
            return
        with suppress(ClientError):
            self._client.put_bucket_cors(Bucket=self.name, CORSConfiguration={"CORSRules": [_BROWSERS]})

    def _create(self) -> None:
        request: CreateBucketRequestTypeDef = {"Bucket": self.name}
        if self._client.meta.region_name != _HOME_REGION:
            place = cast("BucketLocationConstraintType", self._client.meta.region_name)
            request["CreateBucketConfiguration"] = {"LocationConstraint": place}
        try:
            self._client.create_bucket(**request)
        except ClientError as error:
            if error_code(error) not in {"BucketAlreadyExists", "BucketAlreadyOwnedByYou"}:
                raise


def _client(settings: StorageSettings) -> S3Client:
    config = Config(
        signature_version="s3v4",
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        proxies={},  # the store is a part of the platform: no proxy to the outside stands before it
        tcp_keepalive=True,
        # A digest of a body costs as much as all else that is done to it. The store makes its own, the ETag.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path", "payload_signing_enabled": False},
    )
    return boto3.Session(region_name=settings.region).client(  # pyright: ignore[reportUnknownMemberType]  others' stubs
        "s3",
        endpoint_url=settings.endpoint,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value(),
        config=config,
    )


def _unquoted(etag: str) -> str:
    return etag.strip('"')
