"""A tutorial from what a model wrote: named fields alone, clean, within the table's limits, and valid by the schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from activities.tutorials.cleaning import code, markdown, paragraphs, plain, short_fences
from workflows.contracts.tutorials import SaveTutorialInput
from workflows.json_text import read_json
from workflows.language.schemas import compile_schema
from workflows.tutorials import schema

MOST_CONTENT = 900_000  # characters of all steps: the column takes a million
_CONTENT_SHARE = 2 / 3
_SCHEMA = compile_schema(schema.TUTORIAL_SCHEMA)


class UnusableError(Exception):
    """What is left of the answer is no tutorial; the message says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is saved: `values` are columns, `content` all of it as Markdown."""

    values: Mapping[str, object]
    content: str


def document_of(written: SaveTutorialInput) -> Document:
    """Raises UnusableError. Takes a while for a long one: to be called beside the event loop."""
    outline = cast("Mapping[str, object]", read_json(written.outline))
    answers = [cast("Mapping[str, object]", read_json(text)) for text in written.steps]
    planned = cast("Sequence[Mapping[str, object]]", outline["steps"])
    room = min(schema.STEP_CONTENT + schema.STEP_CODE, MOST_CONTENT // len(answers))
    title = plain(outline["title"], schema.TITLE) or plain(written.topic, schema.TITLE)
    # What is empty once it is clean was paid for, and would be the same again: the title says what it is about.
    values: dict[str, object] = {
        "title": title,
        "description": paragraphs(outline["description"], schema.DESCRIPTION) or title,
        "level": written.level,
        "prerequisites": _prerequisites(outline),
        "steps": [
            _step(planned[number - 1], answer, number=number, room=room) for number, answer in enumerate(answers, 1)
        ],
        "summary": paragraphs(outline["summary"], schema.SUMMARY) or title,
    }
    faults = _SCHEMA.faults_of(values)
    if faults is not None:
        raise UnusableError(f"what the model wrote is no tutorial: {faults}")
    return Document(values, _markdown(values))


def _prerequisites(outline: Mapping[str, object]) -> list[str]:
    wanted = cast("Sequence[object]", outline["prerequisites"])[: schema.MOST_PREREQUISITES]
    return [text for each in wanted if (text := plain(each, schema.SENTENCE))]


def _step(planned: Mapping[str, object], answer: Mapping[str, object], *, number: int, room: int) -> dict[str, object]:
    limit = min(schema.STEP_CONTENT, int(room * _CONTENT_SHARE))
    title = plain(planned["title"], schema.TITLE) or f"Step {number}"
    return {
        "title": title,
        "content": markdown(answer["content"], limit) or title,
        "code": code(answer["code"], min(schema.STEP_CODE, room - limit)),
        "minutes": answer["minutes"],
    }


def _markdown(values: Mapping[str, object]) -> str:
    """The whole of it as one text."""
    steps = cast("Sequence[Mapping[str, object]]", values["steps"])
    minutes = sum(cast("int", step["minutes"]) for step in steps)
    parts = [
        f"# {_line(values['title'])}",
        _text(values["description"]),
        f"**Level:** {values['level']} · **Time:** {minutes} minutes",
    ]
    prerequisites = cast("Sequence[str]", values["prerequisites"])
    if prerequisites:
        parts += ["## Before you start", "\n".join(f"- {_line(each)}" for each in prerequisites)]
    for number, step in enumerate(steps, 1):
        parts += [f"## {number}. {_line(step['title'])}", str(step["content"]), _fenced(str(step["code"]))]
    parts += ["## Summary", _text(values["summary"])]
    return "\n\n".join(part for part in parts if part)


def _line(text: object) -> str:
    """A line of text as Markdown that says just that."""
    return markdown(str(text).replace("\\", "\\\\").replace("`", "\\`"), 2 * schema.SENTENCE)


def _text(text: object) -> str:
    return markdown(text, 2 * schema.SUMMARY)


def _fenced(text: str) -> str:
    """A block of code; a fence longer than its longest run of backticks must not grow the text without bound."""
    if not text:
        return ""
    text = short_fences(text)
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"
