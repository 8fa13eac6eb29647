"""Every setting of the platform, typed and nested by part, read from the environment and `.env` once a process."""

import base64
import hashlib
import hmac
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from zilliance.ai_settings import ADDRESS, HOSTED_GATEWAY, STAND_IN, AiSettings, Gateway
from zilliance.gateway_settings import GatewaySettings

EXAMPLE_SECRET = "change-me"  # noqa: S105  what .env.example ships; refused outside development
MIN_SECRET_LENGTH = 32


class Environment(StrEnum):
    """How strict the platform is with itself."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Login(StrEnum):
    """The database users that processes log in as; none of them may do anything without taking a role."""

    REQUESTS = "zapi"
    ACCOUNTS = "zauth"
    SERVICE = "zservice"
    WORKER = "zworker"


class RunKind(StrEnum):
    """The kinds of programs that an operator can allow workflows to run."""

    SCRIPT = "script"
    SHELL = "shell"
    CONTAINER = "container"
    MCP_STDIO = "mcp-stdio"


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(_Group):
    """Where PostgreSQL is. `host` may be the folder of a unix socket."""

    host: str = "127.0.0.1"
    port: int = 5432
    name: str = "zilliance"
    admin: str = "postgres"
    admin_password: SecretStr = SecretStr("")
    secret: SecretStr = SecretStr(EXAMPLE_SECRET)
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    statement_timeout_ms: Annotated[int, Field(ge=100)] = 15_000
    anon_statement_timeout_ms: Annotated[int, Field(ge=100)] = 3_000  # for callers who have not signed in

    def password_of(self, login: Login) -> str:
        """The password of one login, derived from `secret` so that the migration and the processes agree on it."""
        digest = hmac.new(self.secret.get_secret_value().encode(), login.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def dsn(self, login: Login) -> str:
        """The connection string of one login."""
        return self._dsn(login, self.password_of(login))

    def admin_dsn(self) -> str:
        """The connection string of the user that migrates: it may make roles."""
        return self._dsn(self.admin, self.admin_password.get_secret_value())

    def _dsn(self, user: str, password: str) -> str:
        credential = f"{user}:{quote(password, safe='')}" if password else user
        if self.host.startswith("/"):
            return f"postgresql://{credential}@/{self.name}?host={quote(self.host, safe='/')}&port={self.port}"
        return f"postgresql://{credential}@{self.host}:{self.port}/{self.name}"


class AuthSettings(_Group):
    """Accounts, tokens and keys."""

    jwt_secret: SecretStr = SecretStr(EXAMPLE_SECRET)
    signing_key: SecretStr = SecretStr("")  # PEM of a P-256 private key; empty: HS256 with jwt_secret
    anon_key: str = ""  # ready-made; empty: signed from jwt_secret
    service_role_key: SecretStr = SecretStr("")
    access_token_seconds: Annotated[int, Field(ge=60, le=86_400)] = 3600
    refresh_reuse_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    confirm_email: bool = True
    disable_signup: bool = False
    anonymous_sign_in: bool = False
    password_min_length: Annotated[int, Field(ge=6, le=128)] = 8


class RestSettings(_Group):
    """The data API."""

    schemas: list[str] = ["public"]
    max_rows: Annotated[int, Field(ge=1)] = 1000
    aggregates_enabled: bool = True
    plan_enabled: bool = False  # answer with the plan of a statement, which tells of tables and their sizes
    tx_enabled: bool = True  # `Prefer: tx=rollback`: do it, answer it, take it back


class TemporalSettings(_Group):
    """Where Temporal is."""

    address: str = "127.0.0.1:7233"
    namespace: str = "default"
    ui_url: str = "http://127.0.0.1:8233"
    tls: bool = False
    api_key: SecretStr = SecretStr("")


class StorageSettings(_Group):
    """Where the S3 store is, and what it may hold."""

    endpoint: str = "http://127.0.0.1:8333"
    public_endpoint: str = ""  # where those outside reach the store, for signed URLs; empty: at `endpoint`
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: SecretStr = SecretStr("")
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = "zilliance"
    max_object_bytes: Annotated[int, Field(ge=0, le=58 * 1024**3)] = 50 * 1024**3  # S3 takes 10,000 parts of 6 MiB
    true_status: bool = False  # answer errors with their own status; off: with 400, as the hosted original does
    upload_expiry_seconds: Annotated[int, Field(ge=60)] = 86_400  # how long a resumable upload may go on
    sweep_seconds: Annotated[int, Field(ge=1)] = 60

    @property
    def public_url(self) -> str:
        """The address that signed URLs begin with, without a trailing slash."""
        return (self.public_endpoint or self.endpoint).rstrip("/")


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class MailSettings(_Group):
    """Where mail is handed over, and in whose name."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 2525
    security: MailSecurity = MailSecurity.NONE
    username: str = ""  # empty: the server asks for none
    password: SecretStr = SecretStr("")
    sender: Annotated[str, Field(pattern=r"^[^\r\n]*[^@\s]+@[^@\s]+$")] = "Zilliance <no-reply@localhost>"
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 20.0
    most_an_hour: Annotated[int, Field(ge=0)] = 200  # messages that the workflows of one account may send


class WorkflowSettings(_Group):
    """How executions run."""

    in_api: bool = False  # a worker inside the API process: the first task of an execution starts without a queue
    wait_seconds: Annotated[float, Field(gt=0, le=300)] = 25.0
    # After so many events an execution goes on in a new run of its workflow; 0: when Temporal suggests it.
    events_a_run: Annotated[int, Field(ge=0, le=20_000)] = 0
    reconcile_seconds: Annotated[int, Field(ge=5)] = 60
    max_open_executions: Annotated[int, Field(ge=1)] = 100_000  # of one account; more are refused with 429
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30  # that an ended execution is kept
    # What workflows may run on the worker's machine; nothing unless the operator says so.
    run_allow: Annotated[frozenset[RunKind], NoDecode] = frozenset()

    @field_validator("run_allow", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        """Read `script,shell`."""
        return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


class SecretsSettings(_Group):
    """How secrets of workflows are sealed."""

    key: SecretStr = SecretStr(EXAMPLE_SECRET)
    previous_keys: list[SecretStr] = []  # still opened, no longer used to seal


class EventSettings(_Group):
    """How long events and changes are kept."""

    retention_days: Annotated[int, Field(ge=1)] = 30
    change_log_days: Annotated[int, Field(ge=1)] = 3
    trim_seconds: Annotated[int, Field(ge=1)] = 3600
    # What one event from outside may set off in all: executions to begin, and events that these cause.
    chain_executions: Annotated[int, Field(ge=1)] = 10_000
    chain_events: Annotated[int, Field(ge=1)] = 50_000
    max_pending: Annotated[int, Field(ge=1)] = (
        20_000  # of one account, that wait to be routed; more are refused with 429
    )


class Delivery(StrEnum):
    """How the bytes of videos come to players."""

    PRESIGNED = "presigned"  # straight from the S3 store, by signed URLs in the playlists
    PROXY = "proxy"  # through the API


# x264's names for how hard it tries.
Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"
]


class VideoSettings(_Group):
    """What sources are taken, how they are encoded, and how they are played."""

    max_seconds: Annotated[int, Field(ge=1)] = 6 * 3600
    max_side: Annotated[int, Field(ge=16, le=16_384)] = 8192  # pixels
    max_source_bytes: Annotated[int, Field(ge=1)] = 50 * 1024**3
    max_streams: Annotated[int, Field(ge=1, le=200)] = 32  # of one file: pictures, sounds, subtitles and others
    max_sounds: Annotated[int, Field(ge=1, le=32)] = 8  # audio tracks that are kept
    preset: Preset = "veryfast"  # of x264
    ffmpeg: str = ""  # a path, of version 7.1 or later; empty: the one of the wheel
    cache_bytes: Annotated[int, Field(ge=0)] = 20 * 1024**3  # of sources that a media worker keeps at hand
    max_open_runs: Annotated[int, Field(ge=1)] = 100  # of one account; more are refused with 429
    slots: Annotated[int, Field(ge=0, le=256)] = 0  # encodings at the same time in one media worker; 0: one a core
    delivery: Delivery = Delivery.PRESIGNED
    playback_seconds: Annotated[int, Field(ge=60, le=6 * 3600)] = 6 * 3600  # the most that a playback grant lasts


class WorkerSettings(_Group):
    """The worker process."""

    health_port: Annotated[int, Field(ge=0, le=65_535)] = 0  # GET /readyz on loopback; 0: none


class StackSettings(_Group):
    """Ports of the parts that `make up` starts beside the API. 0 takes a free one and keeps it for this home."""

    temporal_port: Annotated[int, Field(ge=0, le=65_535)] = 7233
    temporal_ui_port: Annotated[int, Field(ge=0, le=65_535)] = 8233
    s3_port: Annotated[int, Field(ge=0, le=65_535)] = 8333
    mail_port: Annotated[int, Field(ge=0, le=65_535)] = 2525
    mail_ui_port: Annotated[int, Field(ge=0, le=65_535)] = 8025
    ai_port: Annotated[int, Field(ge=0, le=65_535)] = 8434  # of the stand-in for a language model


class Settings(BaseSettings):
    """The whole of it. `ZILLIANCE_DATABASE__HOST` sets `settings.database.host`, and so on."""

    model_config = SettingsConfigDict(
        env_prefix="ZILLIANCE_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    home: Path = Path(".zilliance")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    public_url: str = Field(default="", validation_alias=AliasChoices("ZILLIANCE_PUBLIC_URL", "SUPABASE_URL"))
    egress_map: Annotated[dict[str, str], NoDecode] = {}
    supabase_anon_key: str = Field(default="", validation_alias="SUPABASE_ANON_KEY")
    supabase_service_role_key: SecretStr = Field(default=SecretStr(""), validation_alias="SUPABASE_SERVICE_ROLE_KEY")
    plain_ai_base_url: str = Field(default="", pattern=ADDRESS, validation_alias="AI_BASE_URL")
    plain_ai_api_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("AI_API_KEY", "LOVABLE_API_KEY")
    )

    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings()
    rest: RestSettings = RestSettings()
    temporal: TemporalSettings = TemporalSettings()
    storage: StorageSettings = StorageSettings()
    mail: MailSettings = MailSettings()
    workflow: WorkflowSettings = WorkflowSettings()
    secrets: SecretsSettings = SecretsSettings()
    events: EventSettings = EventSettings()
    video: VideoSettings = VideoSettings()
    ai: AiSettings = AiSettings()
    gateway: GatewaySettings = GatewaySettings()
    worker: WorkerSettings = WorkerSettings()
    stack: StackSettings = StackSettings()

    @field_validator("egress_map", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        """Read `https://host=http://127.0.0.1:9000,…`."""
        if not isinstance(value, str):
            return value
        return dict(pair.strip().split("=", 1) for pair in value.split(",") if "=" in pair)

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        if self.environment is Environment.DEVELOPMENT:
            return self
        secrets = {
            "ZILLIANCE_DATABASE__SECRET": self.database.secret,
            "ZILLIANCE_AUTH__JWT_SECRET": self.auth.jwt_secret,
            "ZILLIANCE_SECRETS__KEY": self.secrets.key,
        }
        for name, secret in secrets.items():
            if len(secret.get_secret_value()) < MIN_SECRET_LENGTH or secret.get_secret_value() == EXAMPLE_SECRET:
                message = f"{name} must be a secret of its own, {MIN_SECRET_LENGTH} characters or more"
                raise ValueError(message)
        if self.egress_map:
            message = "ZILLIANCE_EGRESS_MAP is for development and tests; unset it"
            raise ValueError(message)
        if self.ai.stand_in_url:
            message = "ZILLIANCE_AI__STAND_IN_URL is for development and tests; unset it"
            raise ValueError(message)
        return self

    @property
    def api_url(self) -> str:
        """The address that callers use, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def ai_gateway(self) -> Gateway | None:
        """Whom to ask for answers of language models: the operator's gateway, else the stand-in, else nobody."""
        key = self.ai.api_key if self.ai.api_key.get_secret_value() else self.plain_ai_api_key
        url = self.ai.base_url or self.plain_ai_base_url or (HOSTED_GATEWAY if key.get_secret_value() else "")
        if url:
            return Gateway(url, key)
        if self.ai.stand_in_url:
            return Gateway(self.ai.stand_in_url, SecretStr(STAND_IN), is_stand_in=True)
        return None

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment and `.env`. Raises SettingsError with the name of each setting that is not valid."""
        unknown = sorted(name for name in os.environ if name.startswith("ZILLIANCE_") and not _is_known(name))
        if unknown:
            message = f"unknown setting {', '.join(unknown)}: see .env.example for the names"
            raise SettingsError(message)
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError("; ".join(_sentence(each) for each in error.errors())) from error


class SettingsError(Exception):
    """A setting is unknown, unsafe or not of its type; the message names it."""


def _is_known(name: str) -> bool:
    """Whether an environment variable with our prefix names a setting."""
    group, _, member = name.removeprefix("ZILLIANCE_").lower().partition("__")
    field = Settings.model_fields.get(group)
    if field is None:
        return False
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return member in kind.model_fields
    return not member


def _sentence(error: ErrorDetails) -> str:
    """One validation error as a sentence that starts with the environment variable's name."""
    path = "__".join(str(part) for part in error["loc"] if isinstance(part, str))
    name = path if path.isupper() else f"ZILLIANCE_{path.upper()}"
    return error["msg"].removeprefix("Value error, ") if not path else f"{name}: {error['msg']}"
