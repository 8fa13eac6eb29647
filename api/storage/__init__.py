"""Files: buckets and objects under the caller's row security, their bytes in the object store. No FastAPI here."""
