"""The tables, views and functions that may be served, read from PostgreSQL's own catalogue: what it has is there."""

from api.rest.catalogue.entries import Column, Function, Junction, Parameter, Relation, Relationship, quoted
from api.rest.catalogue.loading import load
from api.rest.catalogue.lookup import Catalogue

__all__ = [
    "Catalogue", "Column", "Function", "Junction", "Parameter", "Relation", "Relationship", "load", "quoted",
]  # fmt: skip
