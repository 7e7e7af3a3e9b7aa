"""A power cut during a clip: the recorded part is in the library after the restart."""

import asyncio
import contextlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from custom_components.retrocam.core.clips.fragmented_reader import read_recording
from custom_components.retrocam.core.errors import FragmentError
from custom_components.retrocam.core.frames.jpeg import planes
from demo.client import Client
from demo.server import Server, free_port, start
from demo.setting import DEMO_NAME, set_up
from tests.core.frames.stills import number_in
from tests.pattern_reader import read_frame_number
from tests.waiting import until

LOOKBACK = 4
DURATION = 10
FPS = 25
LONGEST_FRAGMENT = 1.2
"""Seconds: the duration of a part in Home Assistant's low-latency HLS."""
SPARE = 3
"""Seconds before the end of the clip by which it is killed, at the latest."""


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Connect the client to the server."""


async def launch(directory: Path) -> Server:
    server = await start(directory, free_port())
    await server.wait_until_up()
    return server


async def camera_of(client: Client, entry_id: str) -> str:
    """Return the camera's id once it is loaded: a killed Home Assistant loses its newest entities."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(LookupError):
                return await client.entity_id(entry_id, "camera")


async def listed(client: Client, camera: str) -> list[dict[str, Any]]:
    data = {"entity_id": camera}
    answer = await client.call_action("retrocam", "list_recordings", data)
    items: list[dict[str, Any]] = answer[camera]["items"]
    return items


def written(directory: Path) -> float:
    """Return the seconds of a clip that are on disk, in fragments that are as short as parts."""
    for path in directory.rglob("*.partial.mp4"):
        with contextlib.suppress(FragmentError):
            found = read_recording(path)
            assert found.duration <= LONGEST_FRAGMENT * len(found.media_spans[0])
            return found.duration
    return 0.0


async def kill_in_mid_clip(directory: Path, share: float) -> float:
    """Record, and kill Home Assistant when `share` of it is on disk; return the seconds there."""
    server = await launch(directory)
    try:
        async with Client.logged_in(server.url) as client:
            entry_id = await set_up(client)
            camera = await client.entity_id(entry_id, "camera")
            async with asyncio.timeout(60):
                await client.wait_for_lookback(entry_id, LOOKBACK)
            data = {"entity_id": camera, "lookback": LOOKBACK, "duration": DURATION}
            recording = asyncio.create_task(client.call_action("retrocam", "record", data))
            wanted = LOOKBACK + share * (DURATION - SPARE)
            await until(lambda: written(directory) >= wanted, within=90)
            assert not recording.done()
            await server.kill()
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)
            return written(directory)
    finally:
        await server.stop()


@pytest.mark.long
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
async def test_clip_is_recovered_after_a_kill(tmp_path: Path, share: float) -> None:
    recorded = await kill_in_mid_clip(tmp_path, share)
    (partial,) = tmp_path.rglob("*.partial.mp4")
    recordings = partial.parent

    server = await launch(tmp_path)
    try:
        async with Client.logged_in(server.url) as client:
            titles = {entry["title"]: entry["entry_id"] for entry in await client.entries()}
            camera = await camera_of(client, titles[DEMO_NAME])
            await client.wait_for_state(camera)
            async with asyncio.timeout(90):
                while not (items := await listed(client, camera)):
                    pass
            data = await client.get_bytes(items[0]["url"])
        assert [line for line in server.log.splitlines() if " ERROR " in line] == []
    finally:
        await server.stop()
    assert list(recordings.parent.rglob("*.partial*")) == []
    snapshots = sorted((recordings.parent / "snapshots").glob("*.jpg"))
    found = [number_in(snapshot.read_bytes()) for snapshot in snapshots]
    taken = [number for number in found if number is not None]
    # The demo's frame numbers restart with Home Assistant, and no more than once.
    assert len(taken) == len(snapshots) > 2
    assert sum(after <= before for before, after in pairwise(taken)) <= 1
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    with av.open(str(path)) as container:
        numbers = [read_frame_number(planes(frame)[0]) for frame in container.decode(video=0)]
    first = numbers[0]
    assert first is not None
    assert numbers == list(range(first, first + len(numbers)))
    # What is in the file is what has come but for a part or two, and nothing of it is lost.
    assert len(numbers) / FPS == pytest.approx(recorded, abs=0.05)
    assert items[0]["duration"] == pytest.approx(len(numbers) / FPS, abs=0.1)
