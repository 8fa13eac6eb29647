"""What the account service says of itself: its public keys, what it allows, that it is there."""

from collections.abc import Mapping

from fastapi import APIRouter, Response
from pydantic import JsonValue

from api.deps import State

open_router = APIRouter()
router = APIRouter()

_EXTERNAL = ("apple", "azure", "bitbucket", "discord", "facebook", "github", "gitlab", "google", "keycloak", "linkedin",
             "notion", "slack", "spotify", "twitch", "twitter", "workos", "zoom")  # fmt: skip


@open_router.get("/.well-known/jwks.json", summary="Public keys")
async def jwks(state: State, response: Response) -> Mapping[str, JsonValue]:
    """The keys that access tokens are verified with. Callers may keep them for ten minutes."""
    response.headers["cache-control"] = "public, max-age=600"
    return {"keys": [dict(key) for key in state.tokens.jwks()["keys"]]}


@open_router.get("/health", summary="Whether the account service is there")
async def health() -> Mapping[str, str]:
    return {
        "version": "v2",
        "name": "GoTrue",
        "description": "GoTrue is a user registration and authentication API",
    }


@router.get("/settings", summary="Which ways to sign in there are")
async def settings(state: State) -> Mapping[str, JsonValue]:
    auth = state.settings.auth
    return {
        "external": {
            **dict.fromkeys(_EXTERNAL, False),
            "email": True,
            "phone": False,
            "anonymous_users": auth.anonymous_sign_in,
        },
        "disable_signup": auth.disable_signup,
        "mailer_autoconfirm": not auth.confirm_email,
        "phone_autoconfirm": False,
        "sms_provider": "",
        "saml_enabled": False,
        "passkeys_enabled": False,
    }
