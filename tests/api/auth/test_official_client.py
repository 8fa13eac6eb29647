"""The official Python client against the account service, over a real port."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from supabase import AsyncClient, AsyncClientOptions, acreate_client
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from tests.api.auth.people import PASSWORD, Accounts, new_email
from tests.ports import free_port


@dataclass
class Served:
    url: str
    anon_key: str
    service_key: str
    http: httpx.AsyncClient

    async def client(self, key: str | None = None) -> AsyncClient:
        """A visitor of its own. The clients share connections, which nothing else of theirs would close."""
        options = AsyncClientOptions(httpx_client=self.http, auto_refresh_token=False)
        return await acreate_client(self.url, key or self.anon_key, options=options)


@pytest.fixture(scope="module")
async def served(accounts: Accounts) -> AsyncGenerator[Served]:
    port = free_port()
    server = Server(accounts.app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL)
    running = asyncio.ensure_future(server.serve())
    url = f"http://127.0.0.1:{port}"
    await until_healthy(url)
    async with httpx.AsyncClient(timeout=60) as http:
        yield Served(url, accounts.state.tokens.anon_key, accounts.state.tokens.service_role_key, http)
    server.stop()
    await running


async def until_healthy(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        for _ in range(1200):
            try:
                (await http.get(f"{url}/auth/v1/health")).raise_for_status()
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    pytest.fail("the server did not start")


async def test_life_of_an_account(served: Served):
    client, email = await served.client(), new_email()
    signed_up = await client.auth.sign_up(
        {"email": email, "password": PASSWORD, "options": {"data": {"first_name": "Ada"}}}
    )
    assert signed_up.session is not None
    assert signed_up.user is not None
    assert signed_up.user.user_metadata["first_name"] == "Ada"

    signed_in = await client.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    assert signed_in.session is not None
    assert signed_in.user is not None
    refreshed = await client.auth.refresh_session()
    assert refreshed.session is not None
    assert refreshed.session.refresh_token != signed_in.session.refresh_token

    claims = await client.auth.get_claims()
    assert claims is not None
    assert claims["claims"].get("sub") == signed_in.user.id

    changed = await client.auth.update_user({"data": {"theme": "dark"}})
    assert changed.user.user_metadata["theme"] == "dark"
    read = await client.auth.get_user()
    assert read is not None
    assert read.user == changed.user
    identities = await client.auth.get_user_identities()
    assert len(identities.identities) == 1

    await client.auth.sign_out()
    assert await client.auth.get_session() is None
    with pytest.raises(AuthApiError) as over:
        await client.auth.get_user(refreshed.session.access_token)
    assert over.value.code == "session_not_found"


async def test_refusals_are_read_as_what_they_are(served: Served):
    client, email = await served.client(), new_email()
    with pytest.raises(AuthApiError) as wrong:
        await client.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    assert (wrong.value.code, wrong.value.message) == ("invalid_credentials", "Invalid login credentials")
    with pytest.raises(AuthWeakPasswordError) as weak:
        await client.auth.sign_up({"email": email, "password": "short"})
    assert weak.value.reasons == ["length"]
    assert weak.value.message == "Password should be at least 8 characters."


async def test_anonymous_visitor(served: Served):
    client = await served.client()
    visit = await client.auth.sign_in_anonymously({"options": {"data": {"theme": "dark"}}})
    assert visit.user is not None
    assert visit.user.is_anonymous


async def test_administration(served: Served):
    client = await served.client(served.service_key)
    email = new_email()
    made = await client.auth.admin.create_user({"email": email, "password": PASSWORD, "email_confirm": True})
    assert made.user.email == email
    assert any(user.id == made.user.id for user in await client.auth.admin.list_users(page=1, per_page=1000))
    changed = await client.auth.admin.update_user_by_id(made.user.id, {"app_metadata": {"plan": "pro"}})
    assert changed.user.app_metadata["plan"] == "pro"
    assert (await client.auth.admin.get_user_by_id(made.user.id)).user == changed.user
    visitor = await served.client()
    session = (await visitor.auth.sign_in_with_password({"email": email, "password": PASSWORD})).session
    assert session is not None
    await client.auth.admin.sign_out(session.access_token)
    await client.auth.admin.delete_user(made.user.id)
    with pytest.raises(AuthApiError) as gone:
        await client.auth.admin.get_user_by_id(made.user.id)
    assert (gone.value.code, gone.value.status) == ("user_not_found", 404)
