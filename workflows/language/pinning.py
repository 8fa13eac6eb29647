"""Writes into a document which versions of the catalogue's functions its bare names mean, when it is saved."""

from collections.abc import Mapping
from typing import cast

from workflows.language.functions import FUNCTIONS
from workflows.language.shapes import part
from workflows.language.validation.recursion import calls_in


def pinned(document: Mapping[str, object]) -> Mapping[str, object]:
    """The valid document with `document.metadata.functions`: later versions of functions do not change what it does."""
    own = part(part(document, "use"), "functions")
    names = sorted(name for name in calls_in(document) if name in FUNCTIONS and name not in own)
    if not names:
        return document
    header = part(document, "document")
    metadata = {**part(header, "metadata"), "functions": {name: FUNCTIONS[name].version for name in names}}
    return cast("Mapping[str, object]", {**document, "document": {**header, "metadata": metadata}})
