"""What a tutorial is to be about: a text of the owner's storage, or the captions of a video, as text for a model."""

import asyncio
import codecs
import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from activities.tutorials.faults import tutorial_fault
from workflows.language.problems import Kind
from zilliance.database import Database
from zilliance.object_rules import broken_rule
from zilliance.storage import MissingObjectError, ObjectStore, object_key

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 512 * 1024
MOST_CHARACTERS = 40_000  # what a model is given of it
KINDS = (".md", ".markdown", ".txt", ".vtt", ".srt")

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what editors on Windows write
_TIMES = re.compile(r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3}\s*-->.*$")
# No class takes what a mark begins with, so that a line of beginnings is read once and not once for each.
_CUE_TAG = re.compile(r"</?(?:[cbiuv]|ruby|rt|lang|font)\b[^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
_BLOCKS = ("NOTE", "STYLE", "REGION")
_REASON = "the function takes the owner's role itself"


class Sources:
    """Files that owners may read."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def read(self, owner: UUID, bucket: str, path: str) -> str:
        """Raises ApplicationError: there is no such file of the owner's, it is too large, or it is no text."""
        if broken_rule(path) is not None:
            raise tutorial_fault("SOURCE_NOT_FOUND", Kind.VALIDATION, f"The path {path!r:.200} cannot name a file")
        kind = PurePosixPath(path).suffix.lower()
        if kind not in KINDS:
            detail = f"A source is a text: {', '.join(KINDS)}; {path!r:.200} is none of these"
            raise tutorial_fault("SOURCE_UNSUPPORTED", Kind.VALIDATION, detail)
        body = await self._body(owner, bucket, path)
        try:
            text = body.decode("utf-16" if body.startswith(_WIDE) else "utf-8-sig")
        except UnicodeDecodeError as error:
            detail = "The source is no text in UTF-8, nor one in UTF-16 with its mark"
            raise tutorial_fault("SOURCE_UNSUPPORTED", Kind.VALIDATION, detail) from error
        if kind in {".vtt", ".srt"}:
            text = await asyncio.to_thread(captions_text, text)
        text = text.strip()
        if not text:
            raise tutorial_fault("SOURCE_EMPTY", Kind.VALIDATION, "The source has no text")
        return text[:MOST_CHARACTERS].replace("\0", "")

    async def _body(self, owner: UUID, bucket: str, path: str) -> bytes:
        missing = f"There is no file {path!r:.200} in bucket {bucket!r:.100}"
        async with self._database.service(reason=_REASON) as connection:
            row = await connection.fetchrow("SELECT * FROM private.effect_find_object($1, $2, $3)", owner, bucket, path)
        if row is None:
            raise tutorial_fault("SOURCE_NOT_FOUND", Kind.RUNTIME, missing, status=404)
        metadata = cast("Mapping[str, Any]", json.loads(row["metadata"] or "{}"))
        if metadata.get("size", 0) > MAX_BYTES:
            detail = f"The source is larger than {MAX_BYTES // 1024} KiB: bring the part that the tutorial is about"
            raise tutorial_fault("SOURCE_TOO_LARGE", Kind.VALIDATION, detail, status=413)
        try:
            return await self._store.fetch(object_key(row["version"]))
        except MissingObjectError as error:
            raise tutorial_fault("SOURCE_NOT_FOUND", Kind.RUNTIME, missing, status=404) from error


def captions_text(text: str) -> str:
    """What is said in WebVTT or SubRip: without headers, numbers, times and marks, and without what is shown twice."""
    said: list[str] = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.strip("\n").split("\n")
        if lines[0].startswith(("WEBVTT", *_BLOCKS)):
            continue
        times = next((place for place, line in enumerate(lines) if _TIMES.match(line)), None)
        if times is None:
            continue
        for line in lines[times + 1 :]:
            spoken = _CUE_TAG.sub("", line).strip()
            if spoken and (not said or said[-1] != spoken):
                said.append(spoken)
    return "\n".join(said)
