"""Owners of endpoints and keys, made as front ends make them, and what the gateway decides about those who call."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.gateway.admission import Admission, admit, admit_owner
from tests.api.served import Person, Served

TARGET = "https://shop.example.com"


@dataclass(frozen=True)
class Owner:
    """A person who publishes."""

    api: Served
    person: Person

    async def endpoint(self, path: str, method: str = "GET", **columns: Any) -> UUID:
        row = {"name": path, "path": path, "method": method, "target_url": TARGET, "rate_limit": 1000, **columns}
        return UUID((await self.api.insert("api_endpoints", row, self.person.headers))["id"])

    async def key(self, **arguments: Any) -> dict[str, Any]:
        """The answer to `create_api_key`: the row, and the key."""
        answer = await self.rpc("create_api_key", {"name": "A key", **arguments})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def rpc(self, name: str, arguments: dict[str, Any]) -> Any:
        return await self.api.send("POST", f"rpc/{name}", self.person.headers, json=arguments)

    async def change_key(self, key: dict[str, Any], **columns: Any) -> None:
        answer = await self.api.send("PATCH", f"api_keys?id=eq.{key['id']}", self.person.headers, json=columns)
        assert answer.status_code == 204, answer.text

    async def row_of(self, key: dict[str, Any]) -> dict[str, Any]:
        answer = await self.api.send("GET", f"api_keys?id=eq.{key['id']}", self.person.headers)
        return answer.json()[0]

    async def ask(self, key: dict[str, Any] | str | None, path: str, method: str = "GET") -> Admission:
        text = key["key"] if isinstance(key, dict) else key
        return await admit(self.api.state, text, method, path)

    async def ask_as_owner(self, endpoint: UUID, path: str, method: str = "GET") -> Admission:
        return await admit_owner(self.api.state, self.person.id, endpoint, method, path)


async def new_owner(api: Served) -> Owner:
    return Owner(api, await api.person())
