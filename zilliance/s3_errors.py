"""What the S3 client raises, in the platform's words."""

from collections.abc import Generator
from contextlib import contextmanager

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as S3ConnectionError

from zilliance.errors import UnavailableError

_MISSING = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NoSuchUpload"})
_BUSY = frozenset({"RequestTimeout", "SlowDown"})
_SERVER_FAULT = 500
_OUTAGE = "The object store cannot be reached or is too busy; try again shortly"


class MissingObjectError(Exception):
    """The store has no object, or no multipart upload, of this name."""


class RefusedByStoreError(Exception):
    """The store will not do it, now or later: a right is missing, or the request makes no sense to it."""


@contextmanager
def store_errors() -> Generator[None]:
    """Raise MissingObjectError, UnavailableError or RefusedByStoreError for what the client raises."""
    try:
        yield
    except ClientError as error:
        code, status = error_code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _MISSING:
            raise MissingObjectError from error
        if code in _BUSY or status >= _SERVER_FAULT:
            raise UnavailableError(_OUTAGE) from error
        raise RefusedByStoreError(str(error)) from error
    except (S3ConnectionError, HTTPClientError, IncompleteReadError) as error:
        raise UnavailableError(_OUTAGE) from error


def error_code(error: ClientError) -> str:
    """S3's word for it, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))
