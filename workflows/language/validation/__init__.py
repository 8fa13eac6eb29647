"""Validation of documents: every fault at once, each with its place and its mend."""

from workflows.language.validation.document import validate

__all__ = ["validate"]
