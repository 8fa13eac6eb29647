"""Objects of one tenant in each bucket, with a word that nobody else has in all that a client says of an object."""

from base64 import b64encode
from dataclasses import dataclass
from secrets import token_hex
from uuid import uuid4

import httpx
import orjson

from tests.canary.exchange import Headers, Needles

PUBLIC = ("avatars", "thumbnails")
BUCKETS = {
    "avatars": "image/png",
    "thumbnails": "image/png",
    "videos": "video/mp4",
    "tutorials": "text/plain",
    "documents": "text/plain",
}
TUS = {"tus-resumable": "1.0.0"}
_PNG = b"\x89PNG\r\n\x1a\n"
_CUT = 8  # characters of a name that its prefix leaves out


@dataclass(frozen=True)
class PlantedObject:
    """An object and what is secret about it, each with a decoy of the same form that nothing has.

    Attributes:
        needles: `name`, `prefix` (most of it), `name64` (in base64), `upload` (the id of a resumable upload that is
            under way), `id` (of the row).
        secrets: what nobody else may be told.
    """

    bucket: str
    needles: Needles
    secrets: frozenset[str]


async def plant_object(client: httpx.AsyncClient, who: Headers, folder: str, bucket: str) -> PlantedObject:
    """An object, and a resumable upload that has begun, in the folder of `who`."""
    mark, other = f"canary{token_hex(12)}", f"canary{token_hex(12)}"
    name, decoy = f"{folder}/{mark}", f"{folder}/{other}"
    answer = await client.post(
        f"/storage/v1/object/{bucket}/{name}",
        headers={
            **who,
            "content-type": f"{BUCKETS[bucket]}; note={mark}",
            "cache-control": "max-age=60",
            "x-metadata": b64encode(orjson.dumps({"canary": mark})).decode(),
        },
        content=_PNG + mark.encode(),
    )
    row_id: str = answer.raise_for_status().json()["Id"]
    info = await client.get(f"/storage/v1/object/info/{bucket}/{name}", headers=who)
    upload = await _begin_upload(client, who, bucket, f"{folder}/begun-{mark}")
    return PlantedObject(
        bucket,
        {
            "name": (name, decoy),
            "prefix": (name[:-_CUT], decoy[:-_CUT]),
            "name64": (b64encode(name.encode()).decode(), b64encode(decoy.encode()).decode()),
            "upload": (upload, str(uuid4())),
            "id": (row_id, str(uuid4())),
        },
        frozenset({mark, row_id, upload, info.raise_for_status().json()["version"]}),
    )


async def _begin_upload(client: httpx.AsyncClient, who: Headers, bucket: str, name: str) -> str:
    values = {"bucketName": bucket, "objectName": name, "contentType": BUCKETS[bucket]}
    metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())
    headers = {**TUS, **who, "upload-length": "100", "upload-metadata": metadata}
    answer = await client.post("/storage/v1/upload/resumable", headers=headers)
    return answer.raise_for_status().headers["location"].rpartition("/")[2]
