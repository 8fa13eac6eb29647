"""Uploads whose parts go straight to the S3 store, by URLs that are signed here. Nothing here knows of FastAPI."""
