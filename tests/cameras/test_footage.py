"""The past of a real camera over two restarts of the worker, proven by its frame numbers."""

import asyncio
from datetime import UTC, datetime
from random import Random
from typing import Final

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.stream.tap import restart_worker
from custom_components.retrocam.urls import FOOTAGE_PLAYLIST_PATH, signed

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.footage.hls import parse
from ..core.footage.runs import Shown, shown, shown_at
from ..http.footage_clients import Player, player_of
from ..leaks import own_threads
from ..observed import ffmpeg_calls, opened_files
from ..players import decoded_by_ffmpeg
from ..rtsp import Mount, RtspServer
from ..viewers import frame_number, url_of
from ..waiting import until

FPS: Final = 15
RUN: Final = 3.0
"""Seconds of footage of each run of the worker."""
TIMES: Final = 200


@pytest.fixture
def mount(rtsp_server: RtspServer) -> Mount:
    return rtsp_server.mount("/porch", fps=FPS, gop=1.0, audio=True)


@pytest.fixture
async def camera(
    short_segments: None, home: HomeAssistant, load: LoadEntry, mount: Mount
) -> CameraInstance:
    """A camera whose lookback has three runs of the worker, and which is lost then."""
    entry = await load({"kind": "camera_url", "url": mount.url})
    camera: CameraInstance = entry.runtime_data
    for run in range(3):
        held = camera.ring.available
        if run:
            stream = camera.provider.stream
            assert stream is not None
            restart_worker(stream)
        runs = {segment.run for segment in camera.ring.segments}
        await until(lambda runs=runs: {s.run for s in camera.ring.segments} - runs)  # type: ignore[misc]  # a default of a lambda has no type
        await until(lambda held=held: camera.ring.available > held + RUN)  # type: ignore[misc]  # the same
        assert mount.watchers == 1
    assert len({segment.run for segment in camera.ring.segments}) == 3
    mount.server.accept(accept=False)
    mount.disconnect()
    await mount.async_wait_for_watchers(0)
    return camera


def held_times(camera: CameraInstance, frames: list[Shown]) -> list[float]:
    """Return random times within the spans."""
    random, spans = Random(18), camera.footage.spans()  # noqa: S311  # chooses tests
    times = list[float]()
    while len(times) < TIMES:
        time = random.uniform(frames[0].time, frames[-1].time)
        if any(span.start <= time < span.end for span in spans):
            times.append(time)
    return times


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()


@pytest.mark.long
async def test_past_of_a_real_camera(
    home: HomeAssistant,
    camera: CameraInstance,
    mount: Mount,
    hass_client: ClientSessionGenerator,
) -> None:
    frames = shown(camera.ring)
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    for frame in frames:
        taken = mount.server.epoch + frame.number / FPS
        assert frame.time == pytest.approx(taken, abs=1.0)
    client = await hass_client()
    path = f"/api/retrocam/footage/{camera.entry.entry_id}/frame"
    for time in held_times(camera, frames):
        response = await client.get(path, params={"at": time})
        assert frame_number(await response.read()) == shown_at(frames, time + 0.0006).number
    start, end = frames[0].time, frames[-1].time + 0.05
    playlist = FOOTAGE_PLAYLIST_PATH.format(entry_id=camera.entry.entry_id)
    url = url_of(home, signed(home, f"{playlist}?start={start}&end={end}"))
    assert await decoded_by_ffmpeg(url) == numbers
    answer = await answer_of(home, "record", "camera.porch", start=iso(start), end=iso(end))
    assert await decoded_by_ffmpeg(str(answer["path"])) == numbers
    assert [name for name in own_threads() if "frame" in name] == []
    assert mount.watchers == 0


async def test_watching_takes_no_decoder_no_file_and_no_second_connection(
    short_segments: None, home: HomeAssistant, load: LoadEntry, mount: Mount
) -> None:
    entry = await load({"kind": "camera_url", "url": mount.url})
    camera: CameraInstance = entry.runtime_data
    await until(lambda: camera.ring.available > RUN)
    decoded = camera.footage.decoded
    async with ClientSession() as session:
        players = [player_of(home, session, camera) for _ in range(3)]
        # The key of signatures is read once.
        await players[0].playlist()
        with ffmpeg_calls() as calls, opened_files() as files:
            seen = await asyncio.gather(*(follow(player, RUN) for player in players))
            # The beginning of a run looks up the flags of its container.
            assert set(calls) <= {"ContainerFormat"}
            # The event loop's debug mode quotes source files.
            assert [path for path in files if not path.endswith(".py")] == []
            assert mount.watchers == 1
            # A frame of the past opens a decoder.
            await camera.footage.async_jpeg(shown(camera.ring)[0].time)
            assert "create" in calls
    assert all(len(media) > 2 for media in seen)
    assert camera.footage.decoded == decoded + 1
    assert not camera.feed.running
    assert mount.watchers_ever == 1


async def follow(player: Player, seconds: float) -> list[bytes]:
    """Play like a live player for some seconds of media; return its parts."""
    parsed = parse(await player.playlist())
    end, media = parsed.segments[-1].date + seconds, list[bytes]()
    while parsed.segments[-1].date < end:
        last = parsed.segments[-1]
        response = await player.get(last.parts[-1]["URI"])
        assert response.status == 200
        media.append(await response.read())
        query = f"&_HLS_msn={last.number}&_HLS_part={len(last.parts)}"
        parsed = parse(await player.playlist(query))
    return media
