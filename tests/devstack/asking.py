"""Questions that the stack's tests ask its parts, as an outsider would."""

import urllib.error
import urllib.request
from pathlib import Path

import asyncpg
import boto3
from botocore.config import Config
from mypy_boto3_s3 import S3Client

from zilliance.devstack import Stack
from zilliance.devstack.home import read_json

LOOPBACK = "127.0.0.1"


async def query(stack: Stack, statement: str) -> object:
    connection = await asyncpg.connect(stack.settings.database.admin_dsn())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def s3_client(stack: Stack) -> S3Client:
    storage = stack.settings.storage
    return boto3.client(
        "s3",
        endpoint_url=storage.endpoint,
        region_name=storage.region,
        aws_access_key_id=storage.access_key,
        aws_secret_access_key=storage.secret_key.get_secret_value(),
        config=Config(signature_version="s3v4", retries={"max_attempts": 0}, connect_timeout=10, read_timeout=60),
    )


def http(method: str, port: int, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    """Status and body; 0 when the port does not speak HTTP."""
    request = urllib.request.Request(f"http://{LOOPBACK}:{port}{path}", data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  loopback
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def port(stack: Stack, name: str) -> int:
    return read_json(stack.home.ports_file)[name]


def environment(pid: int) -> bytes:
    """What a process was started with, as Linux tells it."""
    return Path(f"/proc/{pid}/environ").read_bytes()


def listeners(pid: int) -> set[tuple[str, int]]:
    """Address and port of every TCP socket that a process listens on, as Linux tells it."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    inodes = {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:[")}
    found: set[tuple[str, int]] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, number = fields[1].split(":")
                found.add((address, int(number, 16)))
    return found
