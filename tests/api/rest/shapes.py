"""Shapes at random over the tables of `asking`: nearly all of them can be asked, many make no sense."""

from dataclasses import dataclass
from random import Random
from typing import TypeVar

from api.rest.grammar.filters import COMPARISONS, CONTAINERS, PATTERNS, SEARCHES, WORDS
from api.rest.plan import Action, Arguments, Conflict, Format, Returned, Shape
from api.rest.query import Condition, Embed, Field, Group, Item, Ordering, Selected, Step, Term

COLUMNS = {
    "clients": ("id", "name", "is_vip"),
    "projects": ("id", "name", "client_id", "cost", "doc", "mood", "code", "made_on", "label"),
    "details": ("project_id", "note"),
    "tasks": ("id", "name", "project_id", "hours"),
    "users": ("id", "name"),
    "users_tasks": ("user_id", "task_id"),
    "notes": ("client_id", "text"),
    "numbered": ("number", "word"),
    "counted": ("counted",),
}
WAYS = {
    "clients": {"projects": "projects", "notes": "notes"},
    "projects": {
        "clients": "clients", "client_id": "clients", "tasks": "tasks", "details": "details",
        "first_task": "tasks", "long_tasks": "tasks",
    },
    "details": {"projects": "projects"},
    "tasks": {"projects": "projects", "users": "users", "users_tasks": "users_tasks"},
    "users": {"tasks": "tasks", "users_tasks": "users_tasks"},
    "users_tasks": {"tasks": "tasks", "users": "users"},
    "notes": {"clients": "clients"},
    "numbered": dict[str, str](),
    "counted": dict[str, str](),
}  # fmt: skip
CALLS = {"project": "projects", "called_projects": "projects", "numbered": "numbered", "counted": "counted"}
ODD = ["a", "name", 'o"dd', "a\\'b", "--", "/*", "$1", "E'", "t1", "r", "é", "\n", "{}", "%s", '"']

T = TypeVar("T")


@dataclass
class Maker:
    """Makes shapes out of random choices; `values` counts the places it has given away."""

    random: Random
    values: int = 0

    def shape(self) -> Shape:
        action = self.random.choice(list(Action))
        name = self.random.choice([*CALLS] if action is Action.CALL else [*COLUMNS][:7])
        relation = CALLS.get(name, name)
        select = self.select(relation, depth=3)
        where, order = self.terms(relation, select), self.order(relation, select)
        return Shape(
            action, "shop", name, "service_role", select, where, order, self.values, self.columns(action, name),
            arguments=self.random.choice([Arguments.SINGLY, Arguments.DOCUMENT]),
            returned=self.random.choice(list(Returned)),
            format=self.random.choice(list(Format)),
            conflict=self.random.choice([None, Conflict(None, merge=True), Conflict(None, merge=False)]),
            missing_is_default=self.often(2),
            is_limited=self.often(2),
            is_paged=self.often(3),
            is_counted=self.often(3),
        )  # fmt: skip

    def columns(self, action: Action, name: str) -> tuple[str, ...]:
        if action is Action.CALL:
            return () if name == "called_projects" else ("n",)
        return COLUMNS[name][: self.random.randint(action is Action.UPDATE, 2)]

    def select(self, relation: str, depth: int) -> tuple[Selected, ...]:
        ways = WAYS[relation]
        embeds = self.some([*ways], 2) if depth else []
        return (*(self.item(relation) for _ in self.some([1] * 3, 3)), *(self.embed(n, ways[n], depth) for n in embeds))

    def item(self, relation: str) -> Item:
        aggregate = self.random.choice(["sum", "avg", "count", "max", "min"]) if self.often(6) else None
        field = None if self.often(4) and aggregate in {None, "count"} else self.field(relation)
        cast = self.random.choice([None, None, "text", "jsonb", "text[]"])
        return Item(field, self.name(), cast if field else None, aggregate, cast if aggregate else None)

    def embed(self, name: str, target: str, depth: int) -> Embed:
        select = self.select(target, depth - 1)
        where, order = self.terms(target, select), self.order(target, select)
        inner, spread = self.often(3), self.often(3)
        limit = self.place() if self.often(3) else -1
        return Embed(name, self.name(), None, inner, spread, select, where, order, limit)

    def terms(self, relation: str, select: tuple[Selected, ...]) -> tuple[Term, ...]:
        return tuple(self.term(relation, select, 2) for _ in self.some([1] * 2, 2))

    def term(self, relation: str, select: tuple[Selected, ...], depth: int) -> Term:
        keys = [each.key for each in select if isinstance(each, Embed)]
        if depth and self.often(3):
            inner = tuple(self.term(relation, select, depth - 1) for _ in range(2))
            return Group(self.random.choice(["and", "or"]), inner, self.often(2))
        if keys and self.often(2):
            return Condition(Field(self.random.choice(keys)), "is", -1, self.often(2), None, "null")
        field, negated = self.field(relation), self.often(3)
        if self.often(6):
            return Condition(field, "is", -1, negated, None, self.random.choice([*WORDS]))
        if self.often(6):
            return Condition(field, self.random.choice([*SEARCHES]), self.place(), negated, self.name())
        modifier = self.random.choice([None, None, "any", "all"])
        operators = ["eq", "like"] if modifier else [*COMPARISONS, *PATTERNS, *CONTAINERS, "in"]
        return Condition(field, self.random.choice(operators), self.place(), negated, modifier)

    def order(self, relation: str, select: tuple[Selected, ...]) -> tuple[Ordering, ...]:
        related = {each.key: each.name for each in select if isinstance(each, Embed)}
        found: list[Ordering] = []
        for _ in self.some([1] * 2, 2):
            embed = self.random.choice([*related]) if related and self.often(2) else None
            field = self.field(WAYS[relation][related[embed]] if embed else relation)
            direction, nulls = self.random.choice(["", "asc", "desc"]), self.random.choice(["", "first", "last"])
            found.append(Ordering(field, direction, nulls, embed))
        return tuple(found)

    def field(self, relation: str) -> Field:
        steps = [self.step() for _ in self.some([1] * 2, 2)] if self.often(4) else []
        return Field(self.random.choice(COLUMNS[relation]), tuple(steps))

    def step(self) -> Step:
        arrow = self.random.choice(["->", "->>"])
        return (
            Step(arrow, "-3", is_index=True) if self.often(3) else Step(arrow, self.random.choice(ODD), is_index=False)
        )

    def name(self) -> str | None:
        return self.random.choice(ODD) if self.often(3) else None

    def place(self) -> int:
        self.values += 1
        return self.values - 1

    def some(self, given: list[T], most: int) -> list[T]:
        return self.random.sample(given, self.random.randint(0, min(most, len(given))))

    def often(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0
