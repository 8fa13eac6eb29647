"""The settings that one stack runs with: what the person set, and what the stack itself knows better."""

import json
from collections.abc import Mapping
from typing import Any

from zilliance.devstack.home import Home
from zilliance.devstack.keys import Keys
from zilliance.devstack.parts.s3 import INTERNAL_PORTS, REGION
from zilliance.devstack.ports import LOOPBACK
from zilliance.settings import Environment, Settings

PREFIX = "ZILLIANCE_"
ADMIN_PASSWORD = "ZILLIANCE_DATABASE__ADMIN_PASSWORD"  # noqa: S105  a setting's name
STAND_IN_URL = "ZILLIANCE_AI__STAND_IN_URL"
SETTING_OF_PORT = {
    "api": "ZILLIANCE_PORT",
    "temporal": "ZILLIANCE_STACK__TEMPORAL_PORT",
    "temporal_ui": "ZILLIANCE_STACK__TEMPORAL_UI_PORT",
    "s3": "ZILLIANCE_STACK__S3_PORT",
    "mail": "ZILLIANCE_STACK__MAIL_PORT",
    "mail_ui": "ZILLIANCE_STACK__MAIL_UI_PORT",
    "ai": "ZILLIANCE_STACK__AI_PORT",
}
# For stacks beside one that somebody uses: tests and benchmarks.
FREE_PORTS = dict.fromkeys(SETTING_OF_PORT.values(), "0")
# What only the stack's own parts talk to is always chosen.
CHOSEN_PORTS = ("worker_health", "media_health", "temporal_http", "temporal_metrics", *INTERNAL_PORTS)


def read_settings(overrides: Mapping[str, str]) -> Settings:
    """The settings of the environment and `.env`, and `overrides` (by variable) on top. Raises SettingsError."""
    Settings.load()  # says which variable is unknown or wrong
    return Settings(**_nested(overrides))


def wanted_ports(settings: Settings) -> dict[str, int]:
    """The port of every name, 0 where one is to be chosen."""
    stack = settings.stack
    return {
        **({"ai": stack.ai_port} if needs_stand_in(settings) else {}),
        "api": settings.port,
        "temporal": stack.temporal_port,
        "temporal_ui": stack.temporal_ui_port,
        "s3": stack.s3_port,
        "mail": stack.mail_port,
        "mail_ui": stack.mail_ui_port,
        **dict.fromkeys(CHOSEN_PORTS, 0),
    }


def needs_stand_in(settings: Settings) -> bool:
    """Whether nobody answers for language models: then the stand-in does, in development."""
    return settings.ai_gateway is None and settings.environment is Environment.DEVELOPMENT


def facts(base: Settings, home: Home, ports: Mapping[str, int], keys: Keys) -> dict[str, str]:
    """What the stack knows better than its environment, as environment variables for every process of ours."""
    return {
        **_unless_set(base, keys),
        "ZILLIANCE_HOME": str(home.path),
        **{setting: str(ports[name]) for name, setting in SETTING_OF_PORT.items() if name in ports},
        **({STAND_IN_URL: f"http://{LOOPBACK}:{ports['ai']}/v1"} if "ai" in ports else {}),
        "ZILLIANCE_WORKER__HEALTH_PORT": str(ports["worker_health"]),
        "ZILLIANCE_DATABASE__HOST": str(home.socket_folder()),
        "ZILLIANCE_DATABASE__PORT": "5432",
        "ZILLIANCE_DATABASE__SECRET": keys.database_secret,
        ADMIN_PASSWORD: keys.database_admin_password,
        "ZILLIANCE_TEMPORAL__ADDRESS": f"{LOOPBACK}:{ports['temporal']}",
        "ZILLIANCE_TEMPORAL__UI_URL": f"http://{LOOPBACK}:{ports['temporal_ui']}",
        "ZILLIANCE_TEMPORAL__NAMESPACE": "default",
        "ZILLIANCE_TEMPORAL__TLS": "false",
        "ZILLIANCE_TEMPORAL__API_KEY": "",
        "ZILLIANCE_STORAGE__ENDPOINT": f"http://{LOOPBACK}:{ports['s3']}",
        "ZILLIANCE_STORAGE__REGION": REGION,
        "ZILLIANCE_STORAGE__ACCESS_KEY": keys.s3_access_key,
        "ZILLIANCE_STORAGE__SECRET_KEY": keys.s3_secret_key,
        "ZILLIANCE_MAIL__HOST": LOOPBACK,
        "ZILLIANCE_MAIL__PORT": str(ports["mail"]),
    }


def _unless_set(base: Settings, keys: Keys) -> dict[str, str]:
    """Choices of the stack that a person may overrule."""
    auth, workflow = base.auth.model_fields_set, base.workflow.model_fields_set
    choices = {
        "ZILLIANCE_ENVIRONMENT": ("development", "environment" in base.model_fields_set),
        "ZILLIANCE_SECRETS__KEY": (keys.secrets_key, "key" in base.secrets.model_fields_set),
        "ZILLIANCE_AUTH__JWT_SECRET": (keys.jwt_secret, "jwt_secret" in auth),
        "ZILLIANCE_AUTH__SIGNING_KEY": (keys.signing_key, "signing_key" in auth),
        "ZILLIANCE_AUTH__CONFIRM_EMAIL": ("false", "confirm_email" in auth),
        "ZILLIANCE_WORKFLOW__IN_API": ("true", "in_api" in workflow),
    }
    return {name: value for name, (value, is_set) in choices.items() if not is_set}


def _nested(variables: Mapping[str, str]) -> dict[str, Any]:
    """`{"ZILLIANCE_STACK__S3_PORT": "0"}` as `{"stack": {"s3_port": "0"}}`."""
    nested: dict[str, Any] = {}
    for name, value in variables.items():
        group, _, member = name.removeprefix(PREFIX).lower().partition("__")
        read = json.loads(value) if value.startswith(("[", "{")) else value
        if member:
            nested.setdefault(group, {})[member] = read
        else:
            nested[group] = read
    return nested
