"""What a model wrote becomes a tutorial within the table's limits, whatever is left of it when it is clean."""

import json
from uuid import uuid4

import pytest

from activities.tutorials.document import Document, document_of
from workflows.contracts.tutorials import SaveTutorialInput

MOST_CHARACTERS = 1_000_000  # that the column takes
STEP: dict[str, object] = {"content": "Do it.", "code": "", "minutes": 5}
OUTLINE: dict[str, object] = {
    "title": "Knots",
    "description": "How to tie them.",
    "prerequisites": [],
    "summary": "You can tie one.",
}


def made(steps: list[dict[str, object]], **outline: object) -> Document:
    planned = [{"title": f"Part {number}"} for number, _ in enumerate(steps, 1)]
    return document_of(
        SaveTutorialInput(
            run_id=uuid4(),
            attempt=1,
            owner_id=uuid4(),
            topic="Knots",
            level="beginner",
            model="m",
            outline=json.dumps({**OUTLINE, "steps": planned, **outline}),
            steps=[json.dumps(step) for step in steps],
        )
    )


@pytest.mark.parametrize("nothing", [" \n", "<!-- -->", "\u202e"])
def test_what_is_empty_once_it_is_clean_costs_no_tutorial_that_was_paid_for(nothing: str) -> None:
    values = made([{**STEP, "content": " \n"}, STEP], description=nothing, summary=nothing).values
    assert (values["description"], values["summary"]) == ("Knots", "Knots")
    assert [step["content"] for step in values["steps"]] == ["Part 1", "Do it."]  # type: ignore[index]


def test_code_that_is_nothing_but_backticks_does_not_grow_the_text_beyond_its_column() -> None:
    document = made([{**STEP, "content": "x" * 6000, "code": "`" * 3000} for _ in range(100)])
    assert document.values["steps"][0]["code"] == "`" * 3000  # type: ignore[index]
    assert len(document.content) < MOST_CHARACTERS
