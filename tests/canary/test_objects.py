"""Through storage nobody learns of another tenant's object, whatever they ask, and nobody changes one.

What lies in a public bucket is everybody's to read by design: there only writes are compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import httpx
import pytest

from tests.canary.conftest import STRANGERS, Account
from tests.canary.exchange import NEEDLE, Ask, Caller, Secrets
from tests.canary.object_asks import downloads, listings, relocations, takings, writes
from tests.canary.object_planting import BUCKETS, PUBLIC, PlantedObject, plant_object

STORAGE = "/storage/v1"
PRIVATE = [bucket for bucket in BUCKETS if bucket not in PUBLIC]
Everybody = Mapping[str, Caller]
Objects = Mapping[str, PlantedObject]


@dataclass(frozen=True)
class Own:
    """An object of the other tenant's, and tokens of URLs signed for it."""

    name: str
    download: str
    upload: str


@pytest.fixture(scope="session")
async def objects(client: httpx.AsyncClient, accounts: Mapping[str, Account]) -> dict[str, PlantedObject]:
    """The owner's object in each bucket."""
    owner = accounts["owner"]
    return {bucket: await plant_object(client, owner.headers, str(owner.id), bucket) for bucket in BUCKETS}


@pytest.fixture(scope="session")
async def own(client: httpx.AsyncClient, accounts: Mapping[str, Account]) -> dict[str, Own]:
    """What the other tenant has in each bucket."""
    other = accounts["other"]
    found: dict[str, Own] = {}
    for bucket in BUCKETS:
        planted = await plant_object(client, other.headers, str(other.id), bucket)
        name = planted.needles["name"][0]
        signed = await client.post(
            f"/storage/v1/object/sign/{bucket}/{name}", headers=other.headers, json={"expiresIn": 600}
        )
        upload = await client.post(f"/storage/v1/object/upload/sign/{bucket}/{name}.new", headers=other.headers)
        token = signed.raise_for_status().json()["signedURL"].partition("token=")[2]
        found[bucket] = Own(name, token, upload.raise_for_status().json()["token"])
    return found


@pytest.fixture(scope="session")
def strangers(everybody: Everybody, objects: Objects) -> Everybody:
    """Everybody, held to what they may know of the owner's objects."""
    words = set[str]().union(*(objects[bucket].secrets for bucket in PRIVATE))
    secrets = Secrets(frozenset(word.encode() for word in words))
    return {name: replace(caller, secrets=secrets) for name, caller in everybody.items()}


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("bucket", PRIVATE)
async def test_downloads(
    bucket: str, caller: str, strangers: Everybody, objects: Objects, own: Mapping[str, Own]
) -> None:
    asks = downloads(bucket, own[bucket].download)
    assert await strangers[caller].search(STORAGE, asks, objects[bucket].needles) == []


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("bucket", PRIVATE)
async def test_listings(
    bucket: str, caller: str, strangers: Everybody, objects: Objects, accounts: Mapping[str, Account]
) -> None:
    asks = listings(bucket, str(accounts["owner"].id))
    assert await strangers[caller].search(STORAGE, asks, objects[bucket].needles) == []


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("bucket", BUCKETS)
async def test_writes(bucket: str, caller: str, strangers: Everybody, objects: Objects, own: Mapping[str, Own]) -> None:
    asks = [*writes(bucket, own[bucket].upload), *relocations(bucket, own[bucket].name)]
    assert await strangers[caller].search(STORAGE, asks, objects[bucket].needles) == []


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("bucket", PRIVATE)
async def test_takings(
    bucket: str, caller: str, strangers: Everybody, objects: Objects, own: Mapping[str, Own]
) -> None:
    assert await strangers[caller].search(STORAGE, takings(bucket, own[bucket].name), objects[bucket].needles) == []


@pytest.mark.parametrize("caller", STRANGERS)
async def test_tables_of_storage_are_not_served(caller: str, strangers: Everybody, objects: Objects) -> None:
    for table in ("objects", "buckets", "uploads"):
        for schema in ("public", "storage"):
            ask = Ask("GET", f"/rest/v1/{table}", headers={"accept-profile": schema})
            assert await strangers[caller].faults(ask) == []
    assert objects


@pytest.mark.parametrize("bucket", BUCKETS)
async def test_the_canary_is_where_its_owner_reads_it(bucket: str, strangers: Everybody, objects: Objects) -> None:
    """After all that was tried, and so the search finds it and tells the object from its decoy."""
    planted = objects[bucket]
    name, decoy = planted.needles["name"]
    owner = replace(strangers["owner"], secrets=Secrets(frozenset(word.encode() for word in planted.secrets)))
    answer = await owner.client.get(f"/storage/v1/object/{bucket}/{name}", headers=owner.headers)
    assert name.rpartition("/")[2] in answer.raise_for_status().text
    told = await owner.faults(Ask("GET", f"/storage/v1/object/{bucket}/{NEEDLE}", "name"), name, decoy)
    assert any(" from " in fault for fault in told)
    upload = await owner.client.head(
        f"/storage/v1/upload/resumable/{planted.needles['upload'][0]}",
        headers={**owner.headers, "tus-resumable": "1.0.0"},
    )
    assert (upload.status_code, upload.headers["upload-offset"]) == (200, "0")
