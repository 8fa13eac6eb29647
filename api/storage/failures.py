"""What storage refuses, in the codes and words that its official clients know."""

from collections.abc import Generator
from contextlib import contextmanager

from zilliance.database import PostgresError
from zilliance.errors import AppError, ConflictError, ForbiddenError, InvalidInputError, NotFoundError, TooLargeError


def no_such_bucket() -> AppError:
    return NotFoundError("Bucket not found", code="NoSuchBucket")


def no_such_key() -> AppError:
    """There is no such object, or none that the caller may see."""
    return NotFoundError("Object not found", code="NoSuchKey")


def access_denied(message: str = "new row violates row-level security policy") -> AppError:
    return ForbiddenError(message, code="AccessDenied")


def missing_authorization() -> AppError:
    return InvalidInputError("headers must have required property 'authorization'", code="MissingAuthorization")


def already_exists(code: str = "KeyAlreadyExists") -> AppError:
    return ConflictError("The resource already exists", code=code)


def not_empty() -> AppError:
    return ConflictError("The bucket you tried to delete is not empty", code="ResourceNotEmpty")


def invalid_key(name: str, rule: str) -> AppError:
    """`rule` is the one that the name breaks."""
    return InvalidInputError(f"Invalid key: {name[:1024]}", code="InvalidKey", details={"rule": rule})


def invalid_bucket_name(rule: str) -> AppError:
    return InvalidInputError("Bucket name invalid", code="InvalidBucketName", details={"rule": rule})


def invalid_request(message: str) -> AppError:
    return InvalidInputError(message, code="InvalidRequest")


def invalid_mime_type(media_type: str, reason: str | None = None) -> AppError:
    details = {"reason": reason} if reason else None
    return AppError(f"mime type {media_type} is not supported", status=415, code="InvalidMimeType", details=details)


def entity_too_large(limit: int) -> AppError:
    return TooLargeError(
        "The object exceeded the maximum allowed size", code="EntityTooLarge", details={"max_bytes": limit}
    )


def incomplete_body() -> AppError:
    return InvalidInputError("The body ended before it was complete", code="IncompleteBody")


def invalid_token(reason: str) -> AppError:
    """A token in a URL is not ours, or is no longer good."""
    return InvalidInputError(reason, code="InvalidJWT")


def invalid_signature() -> AppError:
    """A token in a URL is ours, and for something else."""
    return InvalidInputError("Invalid signature", code="InvalidSignature")


def unsatisfiable_range(size: int) -> AppError:
    return AppError(
        f"The object has {size} bytes, and none of the range asked for",
        status=416,
        code="InvalidRange",
        headers={"Content-Range": f"bytes */{size}"},
    )


@contextmanager
def refusals() -> Generator[None]:
    """PostgreSQL's refusals of objects and buckets become ours; what is not one stays as it is."""
    try:
        yield
    except PostgresError as error:
        failure = _refusal(error.sqlstate)
        if failure is None:
            raise
        raise failure from error


def _refusal(state: str | None) -> AppError | None:
    if state == "42501":
        return access_denied()
    if state == "23505":
        return already_exists()
    if state == "22021":
        return invalid_request("A text contains NUL, which no name or metadata can hold")
    if state == "23503":
        return NotFoundError("The related resource does not exist", code="RelatedResource")
    return None
