"""Readers of footage while the camera goes, memory is short, or more ask than are served at once."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from datetime import UTC, datetime
import threading
import time
from typing import Any, Final

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance, footage as footage_module
from custom_components.retrocam.cameras.footage import TRANSFERS, TRANSFERS_WAITING
from custom_components.retrocam.core.footage.frame_reader import EncodedFrame, FrameReader
from custom_components.retrocam.core.job_limiter import JobLimiter
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.core.segments.segment import Segment
from custom_components.retrocam.workload import DECODES

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.footage.hls import parse
from ..core.footage.runs import between, shown, shown_at
from ..players import decoded_by_ffmpeg
from ..rtsp import RtspServer
from ..viewers import frame_number
from ..waiting import until
from .footage_clients import Past, player_of

READERS: Final = 10


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()


@pytest.fixture
async def session(short_segments: None, home: HomeAssistant) -> AsyncIterator[ClientSession]:
    async with ClientSession() as opened:
        yield opened


@pytest.fixture
async def camera(session: ClientSession, demo: CameraInstance) -> CameraInstance:
    """A demo camera with short segments, whose lookback has some seconds."""
    await until(lambda: demo.ring.available > 5)
    return demo


async def test_what_is_held_plays_on_while_the_camera_is_gone(
    session: ClientSession,
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    mount = rtsp_server.mount("/porch", fps=15, audio=True)
    entry = await load({"kind": "camera_url", "url": mount.url})
    camera: CameraInstance = entry.runtime_data
    past = Past(await hass_client(), camera)
    await until(lambda: camera.ring.available > 5)
    player = player_of(home, session, camera)
    before = parse(await player.playlist())
    rtsp_server.accept(accept=False)
    mount.disconnect()
    await mount.async_wait_for_watchers(0)
    await until(lambda: not camera.provider.available)

    frames = shown(camera.ring)
    again = parse(await player.playlist())
    assert [one.number for one in again.segments] == [s.number for s in camera.ring.segments]
    for one in again.segments:
        for uri in [one.uri, *(part["URI"] for part in one.parts)]:
            assert not uri or (await player.get(uri)).status == 200
    assert not again.ended
    newest = again.segments[-1]
    # A reader that waits for what does not come gets what there is.
    reload = f"&_HLS_msn={newest.number}&_HLS_part={len(newest.parts)}"
    assert parse(await player.playlist(reload)).segments == again.segments
    end = frames[-1].time + 1
    closed = player_of(home, session, camera, f"?start={frames[0].time}&end={end}")
    assert await decoded_by_ffmpeg(closed.url) == [frame.number for frame in frames]
    at = (frames[0].time + frames[-1].time) / 2
    response = await past.frame(at=at)
    assert frame_number(await response.read()) == shown_at(frames, at + 0.0006).number
    missed = await past.frame(at=time.time())
    assert (missed.status, (await missed.json())["code"]) == (404, "not_held")

    rtsp_server.accept(accept=True)
    await until(lambda: camera.ring.segments[-1].number > newest.number)
    back = parse(await player.playlist())
    assert [one.number for one in back.segments if one.discontinuity] == [newest.number + 1]
    assert back.segments[0].number == before.segments[0].number


class Everything:
    """All segments that a ring ever held."""

    def __init__(self, ring: SegmentRing) -> None:
        self._ring = ring
        self._seen: dict[int, Segment] = {}
        self._update()
        ring.listeners.add(self._update)

    @property
    def segments(self) -> list[Segment]:
        return list(self._seen.values())

    def _update(self) -> None:
        self._seen |= {segment.number: segment for segment in self._ring.segments}


async def test_memory_limit_takes_the_oldest_from_ten_readers_and_nothing_from_a_clip(
    session: ClientSession,
    home: HomeAssistant,
    camera: CameraInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ring = camera.ring
    frames = shown(ring)
    oldest = ring.segments[0]
    players = [player_of(home, session, camera, f"?start={frames[n].time}") for n in range(READERS)]
    first = [parse(await player.playlist()).segments[0] for player in players]
    assert {one.number for one in first} == {oldest.number}
    everything = Everything(ring)
    start, end = frames[0].time, time.time() + 6
    recorded = answer_of(home, "record", "camera.porch", start=iso(start), end=iso(end))
    writing = asyncio.create_task(recorded)
    await until(lambda: camera.recorder.active)
    # The ring keeps two segments, and readers may keep little beside it.
    monkeypatch.setattr(footage_module, "_MIN_ALLOWANCE", 0)
    ring.limit(1, oldest.size)
    await until(lambda: ring.segments[0].number > oldest.number + 1)
    for player, one in zip(players, first, strict=True):
        later = parse(await player.playlist())
        assert later.segments[0].number > oldest.number
        assert (await player.get(one.uri)).status == 410
        assert (await player.get(later.segments[0].uri)).status == 200
    assert camera.footage.diagnostics()["kept_for_readers"] <= oldest.size

    answer = await writing
    assert answer["complete"]
    numbers = await decoded_by_ffmpeg(str(answer["path"]))
    assert numbers[0] == frames[0].number
    assert numbers[-1] > frames[-1].number
    assert numbers == between(shown(everything), numbers[0], numbers[-1])


@contextlib.asynccontextmanager
async def places(limiter: JobLimiter, count: int) -> AsyncIterator[None]:
    """Take places of a limiter; those for which there is no room wait."""

    async def take() -> None:
        async with limiter.enter():
            await ended.wait()

    ended = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(take())
        await asyncio.sleep(0)  # lets them begin
        try:
            yield
        finally:
            ended.set()


async def test_reader_beyond_those_served_at_once_waits_and_a_crowd_is_refused(
    session: ClientSession, home: HomeAssistant, camera: CameraInstance
) -> None:
    player = player_of(home, session, camera)
    uri = parse(await player.playlist()).segments[0].uri
    transfers = camera.footage.transfers
    async with places(transfers, TRANSFERS + TRANSFERS_WAITING - 1):
        last = asyncio.create_task(player.get(uri))
        await until(lambda: transfers.is_full)
        refused = await player.get(uri)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        # Playlists are not held up by media.
        assert await player.playlist()
        assert not last.done()
    assert (await last).status == 200
    assert (await player.get(uri)).status == 200


async def test_four_frames_are_decoded_at_once_and_others_wait(
    home: HomeAssistant,
    camera: CameraInstance,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    past = Past(await hass_client(), camera)
    frames = shown(camera.ring)[:: len(shown(camera.ring)) // 20]
    together, most, lock = threading.Barrier(DECODES), list[int](), threading.Lock()
    running = 0
    real = FrameReader.jpeg

    def counted(self: FrameReader, *args: Any, **options: Any) -> EncodedFrame:
        nonlocal running
        with lock:
            running += 1
            most.append(running)
            early = len(most) <= DECODES
        try:
            if early:
                together.wait(30)
            return real(self, *args, **options)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(FrameReader, "jpeg", counted)
    answers = await asyncio.gather(*(past.frame(at=frame.time) for frame in frames))
    for answer, frame in zip(answers, frames, strict=True):
        assert frame_number(await answer.read()) == frame.number
    assert len(most) == len(frames)
    assert max(most) == DECODES
