"""What runs where, read from the home without touching the stack."""

import json
import sys
from typing import Any

from zilliance.devstack.errors import StackError
from zilliance.devstack.home import Home
from zilliance.settings import Settings, SettingsError

FIELDS = (
    "api_url", "anon_key", "service_role_key", "jwks_url", "db_url",
    "temporal_address", "temporal_ui_url", "s3_endpoint", "mail_url", "ai_url", "home",
)  # fmt: skip


def status(*, as_json: bool) -> int:
    """`zilliance status`: print it; 1 when nothing serves in this home."""
    try:
        home = Home(Settings.load().home)
        known = read_status(home)
    except (StackError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps(known, indent=2))
    elif known["running"]:
        print("\n".join(f"{name:<17} {value}" for name, value in known.items()))
    else:
        print(f"nothing serves in {home.path}: start it with `make up`")
    return 0 if known["running"] else 1


def read_status(home: Home) -> dict[str, Any]:
    """The addresses and keys of a home's stack, null while it does not serve."""
    state = home.read_state() if home.is_running() else {}
    if not state.get("serving"):
        return {**dict.fromkeys(FIELDS), "home": str(home.path), "running": False}
    return {**{name: state["status"].get(name) for name in FIELDS}, "running": True}
