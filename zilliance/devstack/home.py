"""The folder that holds everything of one stack: its data, secrets, ports, logs and who runs it."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from zilliance.devstack.errors import StackError

LEAST_FREE_BYTES = 500 * 1024 * 1024
LONGEST_SOCKET_PATH = 107 - len("/.s.PGSQL.5432.lock")  # sun_path holds 108 bytes with its end


class Home:
    """Paths below one home, and the small files that the stack keeps there."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.mail = self.path / "mail"
        self.postgres = self.path / "postgres"
        self.temporal = self.path / "temporal"
        self.s3 = self.path / "s3"
        self.secrets_file = self.path / "secrets.json"
        self.ports_file = self.path / "ports.json"
        self.state_file = self.path / "state.json"
        self._lock: IO[str] | None = None

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def make(self) -> None:
        """Make the folders. Raises StackError where that is not possible, or the disk is nearly full."""
        fault = self.fault()
        if fault:
            raise StackError(fault)
        # Under root PostgreSQL runs as another user, who must pass to its folder; all that lies beside it is closed.
        self.path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        for folder in (self.logs, self.mail, self.temporal, self.s3):
            folder.mkdir(mode=0o700, exist_ok=True)

    def fault(self) -> str | None:
        """What keeps a stack from living here, with the mend, or None."""
        existing = next(folder for folder in (self.path, *self.path.parents) if folder.exists())
        if not existing.is_dir():
            return f"{existing} is not a folder: move it away or set ZILLIANCE_HOME to another folder"
        if not os.access(existing, os.W_OK | os.X_OK):
            return (
                f"{existing} is not writable for this user: change its owner or set ZILLIANCE_HOME to a folder that is"
            )
        for file in (self.secrets_file, self.ports_file):
            if file.exists() and not os.access(file, os.R_OK):
                return f"{file} belongs to another user: run as that user, or chown -R {self.path}"
        free = shutil.disk_usage(existing).free
        if free < LEAST_FREE_BYTES:
            need = LEAST_FREE_BYTES // 1024**2
            have = free // 1024**2
            return f"only {have} MB are free under {existing}: free {need} MB or set ZILLIANCE_HOME to another disk"
        return None

    def lock(self) -> bool:
        """Take the home for this process until `unlock` or its death; False when another one has it."""
        file = (self.path / "lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._lock = file
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def is_running(self) -> bool:
        """Whether a supervisor holds this home now."""
        if self._lock is not None:
            return True
        if not (self.path / "lock").exists() or not self.lock():
            return (self.path / "lock").exists()
        self.unlock()
        return False

    def socket_folder(self) -> Path:
        """Where the unix socket goes: below the home, or, when that path is too long, in a private temporary folder."""
        inside = self.path / "run"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"zilliance-{os.getuid()}-{digest}"

    def read_state(self) -> dict[str, Any]:
        return read_json(self.state_file)

    def write_state(self, state: Mapping[str, Any]) -> None:
        write_private(self.state_file, json.dumps(state, indent=2) + "\n")


def read_json(file: Path) -> dict[str, Any]:
    """The object in a file, empty when there is no such file. Raises StackError when it is not JSON."""
    try:
        return json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        message = f"{file} is damaged ({error}): restore it from a copy, or delete the home to start afresh"
        raise StackError(message) from error


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(descriptor)
    draft.replace(file)
