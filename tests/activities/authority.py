"""A server of its own kind: gives tokens as OAuth 2.0 and OpenID Connect say, asks for digests, and guards a page."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import unquote_plus

import jwt
from aiohttp import web

SECRET = "s3cret/with+signs-and-32-characters"


@dataclass
class Authority:
    """Accepts one client and one person; every token that it gives is new."""

    url: str = ""
    issuer: str = "http://auth.example.com"
    expires_in: int | None = 3600
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    discoveries: int = 0
    given: list[str] = field(default_factory=list[str])
    withdrawn: set[str] = field(default_factory=set[str])
    refuse_with: int | None = None
    issue_jwt: bool = False
    slow: bool = False
    refused_together: asyncio.Barrier | None = None  # who comes with a withdrawn token waits for the others

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncIterator[Self]:
        authority = cls()
        app = web.Application()
        app.router.add_post("/oauth2/token", authority._token)
        app.router.add_post("/other/token", authority._token)
        app.router.add_get("/.well-known/openid-configuration", authority._discovery)
        app.router.add_route("*", "/page", authority._page)
        app.router.add_route("*", "/digest", authority._digest)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        authority.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield authority
        finally:
            await runner.cleanup()

    async def _discovery(self, _: web.Request) -> web.Response:
        self.discoveries += 1
        return web.json_response({"issuer": self.issuer, "token_endpoint": "http://auth.example.com/other/token"})

    async def _token(self, request: web.Request) -> web.Response:
        is_json = request.content_type == "application/json"
        fields: dict[str, Any] = await request.json() if is_json else dict(await request.post())
        if self.slow:
            await asyncio.sleep(60)
        self.requests.append(fields | {"_json": is_json, "_path": request.path})
        if self.refuse_with is not None:
            return web.json_response({"error": "invalid_scope", "error_description": "no"}, status=self.refuse_with)
        if not self._knows(request, fields):
            return web.json_response({"error": "invalid_client"}, status=401)
        token = f"token-{len(self.given)}-{'x' * 20}"
        if self.issue_jwt:
            token = jwt.encode({"iss": self.issuer, "n": len(self.given)}, SECRET, algorithm="HS256")
        self.given.append(token)
        answer: dict[str, Any] = {"access_token": token, "token_type": "bearer"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if fields["grant_type"] == "refresh_token":
            answer["refresh_token"] = f"refresh-{len(self.given)}-{'y' * 20}"
        return web.json_response(answer)

    def _knows(self, request: web.Request, fields: dict[str, Any]) -> bool:
        header = request.headers.get("authorization", "")
        if header.startswith("Basic "):
            name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == ("client", SECRET)
        if "client_assertion" in fields:
            claims = jwt.decode(
                fields["client_assertion"],
                SECRET,
                algorithms=["HS256"],
                audience="http://auth.example.com/oauth2/token",
            )
            return claims["sub"] == "client"
        return fields.get("client_id") == "client" and fields.get("client_secret", SECRET) == SECRET

    async def _page(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and token in self.given and token not in self.withdrawn:
            return web.Response(text=json.dumps({"with": token}), content_type="application/json")
        if token in self.withdrawn and self.refused_together is not None:
            await self.refused_together.wait()
        return web.json_response({"error": "no"}, status=401)

    async def _digest(self, request: web.Request) -> web.Response:
        header = request.headers.get("authorization", "")
        sent = dict(re.findall(r'(\w+)="?([^",]+)', header.removeprefix("Digest ")))
        self.requests.append({"body": await request.text(), "sent": sent})
        first = hashlib.sha256(b"ada:page:pass word").hexdigest()
        second = hashlib.sha256(f"{request.method}:{request.path_qs}".encode()).hexdigest()
        between = f"n0nce:{sent.get('nc')}:{sent.get('cnonce')}:{sent.get('qop')}"
        expected = hashlib.sha256(f"{first}:{between}:{second}".encode()).hexdigest()
        if sent.get("response") == expected and sent.get("uri") == request.path_qs:
            return web.Response(text="in")
        challenge = 'Digest realm="page", nonce="n0nce", qop="auth", algorithm=SHA-256'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})
