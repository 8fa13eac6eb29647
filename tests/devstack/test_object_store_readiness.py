"""The S3 store says that it is ready when what it was given can be read, and not when it can only list its buckets."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import short_home
from tests.devstack.asking import s3_client
from zilliance.devstack import FREE_PORTS, Stack
from zilliance.devstack.child import Child
from zilliance.devstack.home import Home, read_json
from zilliance.devstack.keys import load_keys
from zilliance.devstack.part import NotReadyError
from zilliance.devstack.parts.s3 import ObjectStore


def store_of(home: Path) -> ObjectStore:
    """The store that a stack of this home ran before, at the same ports."""
    return ObjectStore(Home(home), read_json(Home(home).ports_file), load_keys(Home(home)))


async def test_a_store_that_cannot_read_its_volumes_yet_is_not_ready(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = short_home(tmp_path_factory, "s3-ready")
    async with Stack(home, FREE_PORTS, parts={"s3"}) as stack:
        client = s3_client(stack)
    part = store_of(home).part()
    # All of it but the server of its volumes, as in the moments before that one is known to the others.
    blind = replace(part, command=(*part.command, "-volume=false"))
    child = Child(blind, Home(home).logs / "blind.log", report=lambda _line: None, on_start=lambda: None)
    starting = asyncio.create_task(child.start())
    try:
        async with asyncio.timeout(60):
            while (doubt := await doubt_of(store_of(home))) is None or "answered 500" not in doubt:
                assert not child.ready.is_set()
                await asyncio.sleep(0.05)
        assert {bucket.get("Name") for bucket in client.list_buckets()["Buckets"]} == {"ready"}
        assert not child.ready.is_set()
    finally:
        starting.cancel()
        await child.stop()


async def doubt_of(store: ObjectStore) -> str | None:
    try:
        await store.part().check()
    except NotReadyError as doubt:
        return str(doubt)
    return None


async def test_a_store_that_was_made_before_there_was_a_sentinel_is_given_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = short_home(tmp_path_factory, "s3-older")
    async with Stack(home, FREE_PORTS, parts={"s3"}) as stack:
        client = s3_client(stack)
        client.delete_object(Bucket="ready", Key="sentinel")
        await store_of(home).part().check()
        client.delete_object(Bucket="ready", Key="sentinel")
        client.delete_bucket(Bucket="ready")
    async with Stack(home, FREE_PORTS, parts={"s3"}) as stack:
        body = s3_client(stack).get_object(Bucket="ready", Key="sentinel")["Body"]
        assert body.read() == b"what was stored can be read"
