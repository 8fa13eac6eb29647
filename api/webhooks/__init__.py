"""Webhooks: made by their owners, called by others. No FastAPI here."""
