"""A tape through kills of Home Assistant and outages of its camera: what was sent is on it, once.

It lasts three minutes; twenty with

    RETROCAM_TAPE_MINUTES=20 python -m pytest -n 0 tests/e2e/test_tape_kills.py
"""

import asyncio
import contextlib
from datetime import UTC, datetime
from itertools import pairwise
import os
from pathlib import Path
import time
from typing import Any

import av
import pytest

from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.tape.writer import FLUSH
from demo.client import Client
from demo.server import Server, free_port, start
from tests.pattern_reader import read_frame_number
from tests.rtsp import Mount, RtspServer
from tests.waiting import until

MINUTES = float(os.environ.get("RETROCAM_TAPE_MINUTES", "3"))
PHASES = 6
PHASE = MINUTES * 60 / PHASES
FPS = 15
PART = 1.5
"""Seconds that may be on their way when something is killed."""
BEGIN = 3.0
"""Seconds from the connection until the first keyframe is sent."""
PATIENCE = 120.0


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Connect the client to the server."""


class Log:
    """When Home Assistant and its camera were both up, in numbers of frames."""

    def __init__(self, server: RtspServer) -> None:
        self._epoch = server.epoch
        self.stretches: list[tuple[int, int]] = []
        self.ends: list[float] = []
        self._began = 0.0

    def number(self, at: float) -> int:
        return int((at - self._epoch) * FPS)

    def begin(self) -> None:
        self._began = time.time()

    def end(self, lost: float) -> None:
        """End a stretch, of which the last seconds may be lost."""
        now = time.time()
        self.ends.append(now)
        self.stretches.append((self.number(self._began + BEGIN), self.number(now - lost)))


async def launch(directory: Path) -> Server:
    server = await start(directory, free_port())
    await server.wait_until_up()
    return server


async def hold(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time() + seconds
    await until(lambda: loop.time() >= due, within=seconds + 30)


async def watched(mount: Mount, log: Log) -> None:
    await until(lambda: mount.watchers == 1, within=PATIENCE)
    log.begin()
    await hold(PHASE)


async def set_up_camera(directory: Path, url: str) -> None:
    """Add the camera with its tape, and end Home Assistant so that it has stored that."""
    server = await launch(directory)
    try:
        async with Client.logged_in(server.url) as client:
            form = {"name": "Porch", "url": url, "rtsp_transport": "tcp", "advanced": {}}
            entry = await client.add_entry(("camera_url", form), ("preview", {}))
            await client.change_options(entry["entry_id"], "tape", tape_enabled=True)
            await client.wait_until_loaded()
    finally:
        await server.stop()


def numbers_in(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        found = [read_frame_number(planes(frame)[0]) for frame in container.decode(video=0)]
    assert None not in found
    return [number for number in found if number is not None]


def tape_of(directory: Path, first: int) -> list[int]:
    """Return the frames on tape from `first` on, in order of the files."""
    files = sorted(directory.glob("media/retrocam/*/tape/*/*.mp4"))
    return [number for path in files for number in numbers_in(path) if number >= first]


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


async def clips_over(server: Server, seams: list[float]) -> list[list[int]]:
    """Return the frames of a clip over each seam."""
    async with Client.logged_in(server.url) as client:
        (entry,) = [one for one in await client.entries() if one["title"] == "Porch"]
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(LookupError):
                    camera = await client.entity_id(entry["entry_id"], "camera")
                    break
        await client.wait_for_state(camera, timeout=PATIENCE)
        found = []
        for seam in seams:
            data: dict[str, Any] = {"entity_id": camera}
            data |= {"start": iso(seam - 8), "end": iso(seam + PATIENCE / 2)}
            answer = await client.call_action("retrocam", "record", data)
            parts = [Path(part) for part in answer[camera]["parts"]]
            found.append([number for part in parts for number in numbers_in(part)])
        return found


@pytest.mark.long
@pytest.mark.timeout(900 + 60 * MINUTES)
async def test_tape_through_kills_and_outages(tmp_path: Path, rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS)
    await set_up_camera(tmp_path, mount.url)
    log = Log(rtsp_server)
    server = await launch(tmp_path)
    first = log.number(time.time())
    try:
        for phase in range(PHASES - 1):
            await watched(mount, log)
            if phase % 2:
                log.end(PART)
                rtsp_server.kill()
                await hold(5)
                rtsp_server.start()
            else:
                log.end(FLUSH + PART)
                await server.kill()
                await until(lambda: mount.watchers == 0)
                server = await launch(tmp_path)
        await watched(mount, log)
        log.end(FLUSH + PART)
        clips = await clips_over(server, log.ends[:-1])
        taped = tape_of(tmp_path, first)
        errors = [line for line in server.log.splitlines() if " ERROR " in line]
        assert [line for line in errors if "stream worker" not in line] == []
    finally:
        await server.stop()
    assert taped == sorted(set(taped))
    held = set(taped)
    for begin, end in log.stretches:
        assert end - begin > (PHASE - BEGIN - FLUSH - PART - 1) * FPS
        missing = [number for number in range(begin, end) if number not in held]
        assert missing == [], f"of {begin} to {end}"
    for clip, seam in zip(clips, log.ends[:-1], strict=True):
        at = log.number(seam)
        assert clip[0] < at < clip[-1]
        assert all(before < after for before, after in pairwise(clip))
        # The newest frames of the last clip are in memory still.
        on_tape = [number for number in clip if number <= taped[-1]]
        assert on_tape == [number for number in taped if clip[0] <= number <= clip[-1]]
