"""The official Python client: people who use it, and short ways to look at what it gives."""

from dataclasses import dataclass
from typing import Any, Protocol, cast
from uuid import uuid4

import httpx
import pytest
from postgrest import APIError, AsyncSelectRequestBuilder
from storage3.exceptions import StorageApiError
from supabase import AsyncClient, AsyncClientOptions, acreate_client

PASSWORD = "a long enough password"


class Query(Protocol):
    """Anything that is asked for by `execute`."""

    async def execute(self) -> Any: ...


@dataclass(frozen=True)
class Person:
    """Somebody who has just signed up."""

    client: AsyncClient
    id: str

    def path(self, name: str) -> str:
        """A name below the person's own id, where storage lets them write."""
        return f"{self.id}/{name}"


@dataclass(frozen=True)
class Python:
    """Makes clients of one platform. They share connections, which nothing else of theirs would close."""

    url: str
    anon_key: str
    service_key: str
    http: httpx.AsyncClient

    async def client(self, key: str | None = None) -> AsyncClient:
        """A visitor of its own, or the service with its key."""
        options = AsyncClientOptions(httpx_client=self.http, auto_refresh_token=False)
        return await acreate_client(self.url, key or self.anon_key, options=options)

    async def service(self) -> AsyncClient:
        return await self.client(self.service_key)

    async def person(self) -> Person:
        client = await self.client()
        answer = await client.auth.sign_up({"email": f"py-{uuid4().hex}@example.com", "password": PASSWORD})
        assert answer.user is not None
        return Person(client, answer.user.id)


async def rows(query: AsyncSelectRequestBuilder) -> list[dict[str, Any]]:
    """The rows of an answer."""
    return cast("list[dict[str, Any]]", (await query.execute()).data)


async def data(query: Query) -> Any:
    """The data of an answer, whatever it is."""
    return (await query.execute()).data


async def refusal(query: Query) -> APIError:
    """The error of a request for data that must be refused."""
    with pytest.raises(APIError) as caught:
        await query.execute()
    return caught.value


async def storage_refusal(asked: Any) -> tuple[str, str, str]:
    """The status, the code and the message with which storage refuses what is awaited."""
    with pytest.raises(StorageApiError) as caught:
        await asked
    return str(caught.value.status), caught.value.code, caught.value.message
