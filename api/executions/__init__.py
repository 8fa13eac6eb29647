"""Executions of definitions: accepted, followed, answered, retried, in bulk and by the clock. No FastAPI here."""
