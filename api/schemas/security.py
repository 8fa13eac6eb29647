"""How callers say who they are, for OpenAPI: `api.deps` reads it."""

from fastapi import Depends
from fastapi.security import APIKeyHeader, HTTPBearer

_KEY = APIKeyHeader(name="apikey", auto_error=False, description="The anon key or the service-role key")
_TOKEN = HTTPBearer(auto_error=False, description="The access token of an account; without it the key is the caller")

CREDENTIALS = [Depends(_KEY), Depends(_TOKEN)]
