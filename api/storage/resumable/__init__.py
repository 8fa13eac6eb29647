"""Resumable uploads: TUS 1.0 over the store's multipart uploads. Nothing here knows of FastAPI."""
