"""What a bucket takes: how large, of which types. Read as the service, since they hold for who may not see them."""

from dataclasses import dataclass

from api.state import AppState
from api.storage.access import SERVICE, acting
from api.storage.contents import check_head, essence, matches
from api.storage.failures import entity_too_large, invalid_mime_type, no_such_bucket

_SELECT = """
SELECT id, file_size_limit, allowed_mime_types, verify_content_type FROM storage.buckets WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one bucket; `max_bytes` is the lower one of its limit and the installation's."""

    bucket_id: str
    max_bytes: int
    allowed_mime_types: tuple[str, ...]
    verify_content_type: bool

    def check_type(self, content_type: str) -> None:
        """Raises InvalidMimeType."""
        if self.allowed_mime_types and not matches(content_type, self.allowed_mime_types):
            raise invalid_mime_type(essence(content_type))

    def check_size(self, size: int) -> None:
        """Raises EntityTooLarge."""
        if size > self.max_bytes:
            raise entity_too_large(self.max_bytes)

    def check_head(self, content_type: str, head: bytes) -> None:
        """The first bytes of a file, where the bucket wants them checked. Raises InvalidMimeType."""
        if self.verify_content_type:
            check_head(content_type, head)


async def read_rules(state: AppState, bucket_id: str) -> Rules:
    """Raises NoSuchBucket."""
    async with acting(state, SERVICE) as connection:
        row = await connection.fetchrow(_SELECT, bucket_id)
    if row is None:
        raise no_such_bucket()
    largest = state.settings.storage.max_object_bytes
    limit: int | None = row["file_size_limit"]
    return Rules(
        row["id"],
        largest if limit is None else min(limit, largest),
        tuple(row["allowed_mime_types"] or ()),
        row["verify_content_type"],
    )
