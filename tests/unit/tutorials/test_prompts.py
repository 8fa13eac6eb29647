"""What a model is told when its answer was no good."""

from workflows.tutorials.prompts import repair_messages, step_messages

OUTLINE = {"title": "Knots", "steps": [{"title": "Bowline", "goal": "", "notes": ""}]}


def test_who_answered_badly_is_asked_the_same_with_what_was_wrong_and_no_words_are_put_into_his_mouth() -> None:
    asked = step_messages("Knots", "beginner", OUTLINE, ["Bowline"], 1)
    again = repair_messages(asked, "/minutes: 0 is less than 1")
    assert [each.role for each in again] == ["system", "user"]
    assert again[0] == asked[0]
    assert again[1].content.startswith(asked[1].content)
    assert "does not match the schema: /minutes: 0 is less than 1" in again[1].content


def test_what_was_wrong_is_told_in_bounds() -> None:
    asked = step_messages("Knots", "beginner", OUTLINE, ["Bowline"], 1)
    assert len(repair_messages(asked, "x" * 100_000)[1].content) < len(asked[1].content) + 1200
