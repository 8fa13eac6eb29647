"""The page of functions says what the catalogue says. To write it anew: `python -m tests.unit.test_functions_page`."""

from pathlib import Path

from workflows.language.functions import FUNCTIONS

PAGE = Path(__file__).parents[2] / "docs" / "workflows" / "functions.md"
BEGIN, END = "<!-- made from the catalogue -->\n", "<!-- end -->\n"


def table() -> str:
    lines = ["| function | does | arguments | a repeat | undo |", "|---|---|---|---|---|"]
    for function in sorted(FUNCTIONS.values(), key=lambda each: each.name):
        arguments = [
            f"**`{name}`**" if name in function.required else f"`{name}`"
            for name in (*function.required, *(each for each in function.arguments if each not in function.required))
        ]
        cells = [f"`{function.name}`", function.description, " ".join(arguments), function.idempotency, function.undo]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def rendered(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


def test_the_page_of_functions_is_what_the_catalogue_says() -> None:
    page = PAGE.read_text()
    assert page == rendered(page), "run python -m tests.unit.test_functions_page"


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text()))
