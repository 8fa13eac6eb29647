"""What a stranger may try by embedding: from each table through each of its references, forwards and backwards."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import BigInteger, Numeric, Text

from models.registry import TABLES
from tests.canary.exchange import NEEDLE, Ask
from tests.canary.planting import references
from tests.canary.table_asks import readable


@dataclass(frozen=True)
class Edge:
    """A relationship as `select` names it.

    Attributes:
        is_list: many rows on the other side.
    """

    table: str
    target: str
    is_list: bool

    def __str__(self) -> str:
        return f"{self.table}-{self.target}"


def edges() -> list[Edge]:
    """Every relationship among the tables, seen from both sides."""
    forward = [(table, target) for table in TABLES for target in sorted(references(table).values())]
    return [
        *(Edge(table, target, is_list=False) for table, target in forward),
        *(Edge(target, table, is_list=True) for table, target in forward),
    ]


def embeds(edge: Edge) -> Iterator[Ask]:
    """Reads of one table that ask for rows of the other; what goes in are secrets of the other."""
    table, target = edge.table, edge.target
    for select in (f"{target}(*)", f"x:{target}!inner(*)", f"...{target}(*)", f"{target}(count())", f"{target}()"):
        yield Ask("GET", f"{table}?select=*,{select}")
        yield Ask("GET", f"{table}?select=id,{select}&{_name(select, target)}.id=eq.{NEEDLE}", "id")
    for text in readable(target, Text):
        yield Ask("GET", f"{table}?select=id,{target}({text})&{target}.{text}=like.*{NEEDLE}*", "prefix")
        yield Ask("GET", f"{table}?select=id,{target}!inner({text})&{target}.{text}=like.*{NEEDLE}*", "prefix")
        yield Ask("GET", f"{table}?select=id,{target}(a:{text}.max(),b:{text}.min())")
    for number in readable(target, BigInteger, Numeric):
        yield Ask("GET", f"{table}?select=id,{target}(a:{number}.sum(),b:{number}.max())")
        yield Ask("GET", f"{table}?select=id,{target}()&{target}.{number}=gte.{NEEDLE}&{target}=not.is.null", "number")
    counted = {"prefer": "count=planned"}
    yield Ask("GET", f"{table}?select=id,{target}!inner()&{target}.id=eq.{NEEDLE}", "id", counted)
    yield Ask("GET", f"{table}?select=id,{target}()&or=(id.eq.{NEEDLE},{target}.not.is.null)", "id", counted)
    yield Ask("GET", f"{table}?select=*,{target}(*)", headers={"accept": "text/csv"})
    if not edge.is_list:
        for text in readable(target, Text):
            yield Ask("GET", f"{table}?select=id,{target}({text})&order={target}({text}).desc")


def _name(select: str, target: str) -> str:
    return "x" if select.startswith("x:") else target
