"""Passwords of the database logins, set from the settings and left alone while they fit."""

import base64
import hashlib
import hmac
import secrets

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from zilliance.settings import DatabaseSettings, Login

ITERATIONS = 4096  # PostgreSQL's own default
SALT_BYTES = 16


async def set_passwords(connection: AsyncConnection, settings: DatabaseSettings) -> list[str]:
    """Give each login the password that the settings derive for it. Returns the logins that had another.

    The verifier is made here, so that no password is ever part of a statement that a server may log.
    """
    rows = await connection.execute(text("SELECT rolname, rolpassword FROM pg_catalog.pg_authid WHERE rolcanlogin"))
    stored: dict[str, str | None] = {row.rolname: row.rolpassword for row in rows}
    changed = [login for login in Login if not _fits(settings.password_of(login), stored[login])]
    for login in changed:
        verifier = _verifier(settings.password_of(login), secrets.token_bytes(SALT_BYTES))
        await connection.exec_driver_sql(f"ALTER ROLE {login} PASSWORD '{verifier}'")
    return [login.value for login in changed]


def _fits(password: str, verifier: str | None) -> bool:
    method, _, rest = (verifier or "").partition("$")
    iterations, _, salt = rest.partition("$")[0].partition(":")
    if method != "SCRAM-SHA-256" or iterations != str(ITERATIONS):
        return False
    return hmac.compare_digest(_verifier(password, base64.b64decode(salt)), verifier or "")


def _verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps of a password (RFC 5803)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${ITERATIONS}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
