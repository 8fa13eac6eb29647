"""Answers of a model, as tests have them given."""

from typing import Any


def outline(steps: int, **changes: Any) -> dict[str, Any]:
    return {
        "title": "A title",
        "description": "A description",
        "prerequisites": ["Patience"],
        "steps": [{"title": f"Part {number}", "goal": "A goal", "notes": ""} for number in range(1, steps + 1)],
        "summary": "A summary",
        **changes,
    }


def step(**changes: Any) -> dict[str, Any]:
    return {"content": "Some *text*.", "code": "print(1)", "minutes": 5, **changes}
