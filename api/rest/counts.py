"""How many rows match where the planner's estimate is enough: `Prefer: count=planned` and `count=estimated`."""

from dataclasses import replace
from typing import Any

import orjson

from api.rest.catalogue import Relation
from api.rest.plan import Format, Shape
from api.rest.query import Embed, Field, Item, Selected
from api.rest.requests import Parsed
from api.rest.running import run
from zilliance.database import Connection
from zilliance.enums import Role


def is_exact(parsed: Parsed, relation: Relation) -> bool:
    """Whether all matching rows are counted, whatever was asked for.

    An estimate is made from statistics over all rows, also those that row security hides from the caller: where it
    binds, or may bind in what is embedded, only an exact count tells nothing of them. Groups are counted, too: nobody
    estimates their number well.
    """
    if parsed.preferences.count == "exact":
        return True
    select = parsed.target.select
    is_bound = relation.is_row_secured or any(isinstance(each, Embed) for each in select)
    if is_bound and parsed.identity.role is not Role.SERVICE:
        return True
    return any(isinstance(each, Item) and each.aggregate for each in select)


async def estimate(connection: Connection, parsed: Parsed, relation: Relation, shape: Shape) -> int:
    """The planner's estimate; for `count=estimated` the exact number up to the largest number of rows answered."""
    lean = _lean(shape, relation)
    values = parsed.target.values
    if parsed.preferences.count == "estimated":
        most = parsed.state.settings.rest.max_rows
        found = await run(connection, parsed, replace(lean, is_limited=True), *values, str(most + 1))
        if found.rows <= most:
            return found.rows
    text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {parsed.statements.of(lean)}", *values)
    return _rows_below(orjson.loads(text)[0]["Plan"])


def _lean(shape: Shape, relation: Relation) -> Shape:
    """All rows that match, each as little as can be."""
    column = relation.readable_by(shape.role)[0]
    embeds: list[Selected] = [each for each in shape.select if isinstance(each, Embed)]
    select = (Item(Field(column.name)), *embeds)
    return replace(
        shape, select=select, order=(), format=Format.JSON, is_limited=False, is_paged=False, is_counted=False
    )


def _rows_below(plan: dict[str, Any]) -> int:
    """What goes into the aggregate that makes the answer."""
    below = (each for each in plan.get("Plans", ()) if each.get("Parent Relationship") in {"Outer", "Subquery"})
    return int(next(below, plan)["Plan Rows"])
