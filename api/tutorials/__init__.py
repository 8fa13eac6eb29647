"""Tutorials: their runs, the text while it is written, and as HTML. No FastAPI here."""
