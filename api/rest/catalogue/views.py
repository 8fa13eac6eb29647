"""Which column of which table a view's column is, read off the view's parsed query."""

import re
from collections.abc import Iterable

from api.rest.catalogue.rows import ViewRow

# A backslash makes the next character plain, so bare braces are those of nodes alone.
_TOKEN = re.compile(
    r"\\.|[{}]|:resno (?P<column>\d+) :resname (?:\\.|[^\\ ])+ :ressortgroupref \d+"
    r" :resorigtbl (?P<table>\d+) :resorigcol (?P<origin>-?\d+) :resjunk false",
    re.DOTALL,
)
_DEPTH = 2  # an entry of the outermost query's list: {QUERY … {TARGETENTRY …

Origin = tuple[int, int]
"""A relation's id and a column's number."""


def origins(rows: Iterable[ViewRow]) -> dict[int, dict[int, Origin]]:
    """For each view, its columns that are columns of tables. Views of views lead to the tables behind them."""
    direct = {row["id"]: _shown(row["tree"]) for row in rows}

    def followed(origin: Origin) -> Origin | None:
        while origin[0] in direct:
            further = direct[origin[0]].get(origin[1])
            if further is None:
                return None
            origin = further
        return origin

    return {
        view: {column: table for column, origin in columns.items() if (table := followed(origin))}
        for view, columns in direct.items()
    }


def _shown(tree: str) -> dict[int, Origin]:
    found: dict[int, Origin] = {}
    depth = 0
    for token in _TOKEN.finditer(tree):
        text = token[0]
        if text == "{":
            depth += 1
        elif text == "}":
            depth -= 1
        elif depth == _DEPTH and text.startswith(":") and token["table"] != "0":
            found[int(token["column"])] = (int(token["table"]), int(token["origin"]))
    return found
