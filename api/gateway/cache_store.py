"""Where answers are kept: in memory, so many bytes in all, and fair: no owner drives out what others keep."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

_MOST_VARIANTS = 20  # of one place, by what `Vary` names
_MOST_CHANGES = 1000  # that are remembered
_ENTRY_BYTES = 1000  # about what an answer takes beside the texts of question and answer

Values = tuple[tuple[str, ...], ...]  # of the request's headers that an answer depends on


class Place(NamedTuple):
    """What answers are answers to. Another version of the endpoint is another place."""

    owner: UUID
    path: str
    query: str
    endpoint: UUID
    version: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer.

    Attributes:
        fresh_until: on the clock that never goes back, as the next.
        born: when it was new at its origin.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    fresh_until: float
    born: float


@dataclass(slots=True)
class Answers:
    """To one question: one for each of the values that they depend on."""

    varying: tuple[bytes, ...]
    variants: OrderedDict[Values, Kept] = field(default_factory=OrderedDict[Values, Kept])


@dataclass(slots=True)
class _Shelf:
    """All of one owner's, the one used last at the end."""

    places: OrderedDict[Place, Answers] = field(default_factory=OrderedDict[Place, Answers])
    by_path: dict[str, set[Place]] = field(default_factory=dict[str, set[Place]])
    size: int = 0


class Changes:
    """When paths were changed last: what was asked before, and comes afterwards, may tell of what was."""

    def __init__(self) -> None:
        self._moments: OrderedDict[tuple[UUID, str], float] = OrderedDict()
        self._dropped = float("-inf")  # the last moment of those that are not remembered any more

    def note(self, owner: UUID, path: str, moment: float) -> None:
        self._moments[owner, path] = moment
        self._moments.move_to_end((owner, path))
        if len(self._moments) > _MOST_CHANGES:
            self._dropped = self._moments.popitem(last=False)[1]

    def last(self, owner: UUID, path: str) -> float:
        """The moment; of a path that is not remembered one at which it may have been."""
        return self._moments.get((owner, path), self._dropped)


class CacheStore:
    """Answers by their places, `most` bytes in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._shelves: dict[UUID, _Shelf] = {}
        self.size = 0

    def get(self, place: Place) -> Answers | None:
        """The answers of a place, which counts as using them."""
        shelf = self._shelves.get(place.owner)
        answers = None if shelf is None else shelf.places.get(place)
        if shelf is not None and answers is not None:
            shelf.places.move_to_end(place)
        return answers

    def put(self, place: Place, varying: tuple[bytes, ...], values: Values, kept: Kept) -> None:
        """Keep an answer, in place of the one with the same values, and of all that depend on other headers."""
        answers = self.get(place)
        if answers is not None and answers.varying != varying:
            self._remove(place)
            answers = None
        shelf = self._shelves.setdefault(place.owner, _Shelf())
        if answers is None:
            answers = shelf.places[place] = Answers(varying)
            shelf.by_path.setdefault(place.path, set()).add(place)
        if values in answers.variants:
            self._count(shelf, -_size(place, values, answers.variants.pop(values)))
        elif len(answers.variants) >= _MOST_VARIANTS:
            self._count(shelf, -_size(place, *answers.variants.popitem(last=False)))
        answers.variants[values] = kept
        self._count(shelf, _size(place, values, kept))
        self._make_room()

    def forget(self, owner: UUID, path: str) -> None:
        """Remove what is kept of an owner's path, whatever the query."""
        shelf = self._shelves.get(owner)
        for place in list(shelf.by_path.get(path, ())) if shelf else ():
            self._remove(place)

    def _make_room(self) -> None:
        """Whoever takes the most gives up first what he used least lately."""
        while self.size > self._most:
            fullest = max(self._shelves.values(), key=lambda shelf: shelf.size)
            self._remove(next(iter(fullest.places)))

    def _remove(self, place: Place) -> None:
        shelf = self._shelves[place.owner]
        answers = shelf.places.pop(place)
        self._count(shelf, -sum(_size(place, values, kept) for values, kept in answers.variants.items()))
        shelf.by_path[place.path].discard(place)
        if not shelf.by_path[place.path]:
            del shelf.by_path[place.path]
        if not shelf.places:
            del self._shelves[place.owner]

    def _count(self, shelf: _Shelf, size: int) -> None:
        shelf.size += size
        self.size += size


def _size(place: Place, values: Values, kept: Kept) -> int:
    asked = len(place.path) + len(place.query) + sum(len(each) for value in values for each in value)
    told = sum(len(name) + len(value) for name, value in kept.headers)
    return _ENTRY_BYTES + asked + told + len(kept.body)
