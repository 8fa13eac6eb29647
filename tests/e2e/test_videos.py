"""From a file to a video that plays, in every way in which it can be uploaded, by the clients that front ends use."""

import asyncio
import json
import subprocess
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]
import pytest
from tusclient.client import TusClient  # pyright: ignore[reportMissingTypeStubs]

from tests.e2e.conftest import CLIENTS, NODE
from tests.e2e.python_client import Python, rows
from zilliance.devstack.stack import Stack

MADE = {"status": "ready", "progress": 100, "error": None, "hls": True}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 160 by 90 pixels."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=15:duration=2"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, "-preset", "ultrafast", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("javascript")
async def test_a_front_end_uploads_a_film_and_processes_it(platform: Stack, film: Path) -> None:
    facts = platform.describe()
    process = await asyncio.create_subprocess_exec(
        NODE / "bin" / "node",
        "video.mjs",
        cwd=CLIENTS,
        env={"PATH": "/usr/bin:/bin", "URL": facts["api_url"], "ANON_KEY": facts["anon_key"], "FILE": str(film)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    wanted = {"before": "uploading", "early": "VIDEO_NOT_UPLOADED", "failed": None, "end": "end", "row": MADE}
    assert json.loads(out) == {"once": wanted, "inParts": wanted}


@pytest.mark.timeout(600)
async def test_a_film_that_was_uploaded_by_tus_with_an_interruption_is_processed(python: Python, film: Path) -> None:
    person = await python.person()
    session = await person.client.auth.get_session()
    assert session is not None
    path = person.path("resumed.mp4")
    tus = TusClient(
        f"{python.url}/storage/v1/upload/resumable",
        headers={"apikey": python.anon_key, "authorization": f"Bearer {session.access_token}"},
    )
    told = {"bucketName": "videos", "objectName": path, "contentType": "video/mp4"}

    def upload() -> None:
        with film.open("rb") as whole:
            half = film.stat().st_size // 2
            begun = tus.uploader(file_stream=whole, chunk_size=half, metadata=told)
            begun.upload_chunk()
            again = tus.uploader(file_stream=whole, chunk_size=half, url=begun.url)
            assert again.offset == half
            again.upload()

    await asyncio.to_thread(upload)
    [video] = await rows(person.client.table("videos").insert({"title": "A film", "storage_path": path}))
    await person.client.functions.invoke("process-video", {"body": {"videoId": video["id"]}})
    while True:
        [found] = await rows(person.client.table("videos").select("status,error_message").eq("id", video["id"]))
        if found["status"] != "processing":
            break
        await asyncio.sleep(0.5)
    assert found == {"status": "ready", "error_message": None}
