"""Definitions that are in the middle of something for long enough to be killed there."""

from typing import Any


def _contact(name: str) -> dict[str, Any]:
    values = {"type": "individual", "first_name": f'${{ $workflow.input.mark + "-{name}" }}'}
    return {"call": "create-row", "with": {"table": "contacts", "values": values}}


PAUSE = {"wait": {"seconds": 3}}
REFUSE = {
    "if": "${ $workflow.input.fail }",
    "raise": {"error": {"type": "https://example.com/errors/refused", "status": 400, "title": "Refused"}},
}

# Two rows with a pause between them; the trigger says whether it fails in the end and undoes both.
TWO_ROWS = {
    "do": [{"one": _contact("one")}, {"pause": PAUSE}, {"two": _contact("two")}, {"rest": PAUSE}, {"refuse": REFUSE}]
}

# Its undo takes a while, so that a fault can meet it half-way.
SLOW_UNDO = {
    "do": [
        {"one": _contact("one")},
        {"slow": {"set": {"done": True}, "metadata": {"compensate": [{"pause": PAUSE}]}}},
        {"two": _contact("two")},
        {"refuse": REFUSE},
    ]
}
