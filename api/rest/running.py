"""Runs the one statement of a request: for its result, or for the plan of it."""

from api.rest.answers import Answer, Result
from api.rest.grammar.headers import Plan
from api.rest.plan import Shape
from api.rest.requests import Parsed
from zilliance.database import Connection


async def run(connection: Connection, parsed: Parsed, shape: Shape, *arguments: str) -> Result:
    """What the statement of `shape` returns. Its columns are named after the fields of a result."""
    row = await connection.fetchrow(parsed.statements.of(shape), *arguments)
    return Result(**dict(row or ()))


async def explained(connection: Connection, parsed: Parsed, shape: Shape, plan: Plan, *arguments: str) -> Answer:
    """The plan of the statement as PostgreSQL tells it. With the option `analyze` the statement is run as well."""
    options = ", ".join((*plan.options, f"FORMAT {plan.format}"))
    lines = await connection.fetch(f"EXPLAIN ({options}) {parsed.statements.of(shape)}", *arguments)
    text = "\n".join(line[0] for line in lines)
    return Answer(200, text.encode(), {"Content-Type": parsed.form.content_type})
