"""Completes documents: authors may leave out what can be said for them."""

import re
from collections.abc import Mapping

from workflows.language.legacy import is_legacy, without_steps

DSL = "1.0.3"
NAMESPACE = "default"
VERSION = "0.1.0"
_LONGEST_NAME = 63


def normalise(document: Mapping[str, object], name: str) -> dict[str, object]:
    """The document with a full `document` header, which comes first; what is given stays, the input is not changed.

    Steps of the time before the standard become tasks where that is simple; `validate` says where it is not.

    Args:
        document: JSON of an object.
        name: what the workflow is called where it is stored; its slug names the document.
    """
    if is_legacy(document):
        document = without_steps(document)
    header = document.get("document", {})
    if not isinstance(header, Mapping):
        return dict(document)
    filled = {"dsl": DSL, "namespace": NAMESPACE, "name": slug(name), "version": VERSION}
    return {"document": {**filled, **header}, **{key: part for key, part in document.items() if key != "document"}}


def slug(name: str) -> str:
    """A name that the standard allows: letters, digits and single dashes, at most 63."""
    dashed = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return dashed[:_LONGEST_NAME].strip("-") or "workflow"
