"""The rows of a statement as the text that is answered."""

from api.rest.catalogue import quoted
from api.rest.plan import Format, Returned, Shape
from api.rest.sql.draft import literal, whole
from api.rest.sql.outputs import Output

_NEW_LINE = literal("\n")


def body(shape: Shape, outputs: list[Output], value: str) -> str:
    """The columns `body` and `rows` over rows called `r`; `value` is what of each row is answered."""
    return f"{_text(shape, outputs, value)} AS body, count(*) AS rows"


def _text(shape: Shape, outputs: list[Output], value: str) -> str:
    if shape.returned is Returned.NOTHING:
        return "''"
    if shape.format is Format.CSV:
        return _csv(outputs)
    rows = f"json_agg({value})"
    if shape.format is Format.STRIPPED:
        rows = f"json_strip_nulls({rows})"
    return f"coalesce({rows}::text, '[]')"


def _csv(outputs: list[Output]) -> str:
    """PostgreSQL writes rows nearly so, in parentheses. No rows are no text at all."""
    header = literal(",".join(_csv_field(output.name) for output in outputs) + "\n")
    text = f"({whole('r')})::text"
    rows = f"string_agg(substring({text}, 2, length({text}) - 2), {_NEW_LINE})"
    return f"coalesce({header} || {rows}, '')"


def _csv_field(text: str) -> str:
    return quoted(text) if any(character in text for character in ',"\r\n') else text
