"""How a file is cut into parts, and whether those that the store has are the ones that were wanted. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zilliance.errors import AppError, InvalidInputError
from zilliance.storage import Part

PART_BYTES = 8 * 1024 * 1024  # S3 takes 10,000 parts, and the 58 GiB that an object may have at most are 7,424
_NAMED = 100  # of the parts that a refusal tells of


@dataclass(frozen=True, slots=True)
class Cut:
    """`size` bytes in parts of `part_size`; the last one has the rest."""

    size: int
    part_size: int

    @property
    def count(self) -> int:
        return -(-self.size // self.part_size)

    def bytes_of(self, number: int) -> int:
        """Of one part; numbers start at 1."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)

    def check(self, received: Sequence[Part], told: Mapping[int, str] | None) -> None:
        """Raises InvalidInputError unless every part is there, as long as it must be, and as `told` by its ETag."""
        found = {part.number: part for part in received}
        missing = [number for number in range(1, self.count + 1) if number not in found]
        if missing:
            message = f"{len(missing)} of {self.count} parts have not come, the first is number {missing[0]}: put them"
            raise _invalid(message, "missing", missing)
        surplus = [number for number in found if not 1 <= number <= self.count]
        wrong = surplus + [
            part.number
            for part in received
            if part.number not in surplus
            and (part.size != self.bytes_of(part.number) or (told and told.get(part.number) != part.etag))
        ]
        if wrong:
            message = f"Part {wrong[0]} is not the one that was meant, by its size or its ETag: put it again"
            raise _invalid(message, "wrong", wrong)


def _invalid(message: str, what: str, numbers: Sequence[int]) -> AppError:
    return InvalidInputError(message, code="InvalidPart", details={what: list(numbers[:_NAMED])})
