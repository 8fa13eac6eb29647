"""Records histories of the processing of videos, as `tests.replay.record` does of executions."""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from bench.stage import Person, platform, sign_up
from tests.replay.record import VERSION, without_machine
from tests.video.films import ffmpeg, film
from workflows.names import video_workflow_id

VIDEOS = Path(__file__).parent / "videos"
SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nHello\n"


def sources(folder: Path) -> dict[str, Path]:
    """What is processed, by the name of its history."""
    plain = film(folder / "plain.mp4", seconds=4)
    text = folder / "text.srt"
    text.write_text(SUBTITLES)
    captioned, streamed, nothing = folder / "captioned.mkv", folder / "streamed.ts", folder / "nothing.mp4"
    ffmpeg("-i", str(plain), "-i", str(text), "-map", "0", "-map", "1", "-c", "copy", str(captioned))
    ffmpeg("-i", str(plain), "-c", "copy", str(streamed))
    nothing.write_text("this is no video")
    sound = film(folder / "sound.m4a", seconds=3, pictures=False)
    long = film(folder / "long.mp4", seconds=30)
    return {"ready": captioned, "remuxed": streamed, "refused": nothing, "sound": sound, "long": long}


def upload(person: Person, path: Path) -> str:
    user: str = person.call("GET", "/auth/v1/user")["id"]
    name = f"{user}/{path.name}"
    url = f"{person.url}/storage/v1/object/videos/{name}"
    headers = {**person.headers, "Content-Type": "video/mp4"}
    httpx.post(url, content=path.read_bytes(), headers=headers, timeout=60).raise_for_status()
    (video,) = person.insert("videos", {"title": path.name, "storage_path": name})
    return str(video["id"])


def processed(person: Person, video: str) -> str:
    """Process it to its end; the run's id."""
    person.call("POST", "/functions/v1/process-video", {"videoId": video}, Prefer="respond-async")
    for _ in range(600):
        (run,) = person.call("GET", f"/video/v1/videos/{video}/runs")["items"]
        if run["status"] in {"completed", "failed"}:
            return str(run["id"])
        time.sleep(0.2)
    raise TimeoutError(video)


async def main() -> None:
    recorded = set(VIDEOS.glob("*.json"))
    with tempfile.TemporaryDirectory() as folder:
        async with platform(ZILLIANCE_VIDEO__PRESET="ultrafast") as stack:
            person = await asyncio.to_thread(sign_up, stack)
            client = await Client.connect(stack.settings.temporal.address)
            for name, path in sources(Path(folder)).items():
                file = VIDEOS / f"{name}.{VERSION}.json"
                if file in recorded:
                    continue
                video = await asyncio.to_thread(upload, person, path)
                run = await asyncio.to_thread(processed, person, video)
                await _record(client, run, file)


async def _record(client: Client, run: Any, file: Path) -> None:
    handle = client.get_workflow_handle(video_workflow_id(run))
    while (await handle.describe()).close_time is None:  # noqa: ASYNC110  its objects go after its rows
        await asyncio.sleep(0.1)
    events = without_machine(json.loads((await handle.fetch_history()).to_json()))
    await asyncio.to_thread(file.write_text, json.dumps(events, indent=1) + "\n")
    print(f"{file.name}: {len(events['events'])} events")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
