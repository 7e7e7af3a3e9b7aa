"""Clips asked for -10 to +10 s of cameras that lie about time, from a Home Assistant of their own."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Any, Final

import pytest

from demo.client import Client
from demo.server import free_port, running
from tests.mjpeg import MjpegCamera
from tests.rtsp import Mount, RtspServer
from tests.waiting import until
from tests.windows import Taken, check_clip

ASKED: Final = 10
"""Seconds before and after the call."""
WATCHED: Final = 24.0
"""Seconds from the first part to the call: positions follow a wrong rate after 13."""
FPS: Final = 10
GOP: Final = 1.0
CONVERTED_GOP: Final = 2.0
"""Seconds from keyframe to keyframe of MJPEG as H.264."""
FALL: Final = 8.0
"""Seconds by which stamps fall back, as when a camera gets the time by NTP."""


@dataclass(frozen=True)
class Source:
    """A camera that is recorded."""

    url: str
    taken: Taken
    gop: float = GOP
    fall: float = 0.0
    """Seconds from the call until its stamps fall back; negative is before it, 0 never."""
    mount: Mount | None = None
    preview: str = "preview"
    """The step of the flow that shows it."""


def rtsp(
    server: RtspServer, name: str, *, rate: float = 1.0, step: float = 0.0, fall: float = 0.0
) -> Source:
    mount = server.mount(f"/{name}", fps=FPS, gop=GOP, stamp_rate=rate, stamp_step=step)
    return Source(mount.url, lambda number: server.epoch + number / FPS, fall=fall, mount=mount)


def mjpeg(camera: MjpegCamera) -> Source:
    return Source(camera.url, camera.sent_at, gop=CONVERTED_GOP, preview="preview_video")


@pytest.fixture
def sources(rtsp_server: RtspServer, socket_enabled: None) -> Iterator[dict[str, Source]]:
    with MjpegCamera(fps=5) as slow, MjpegCamera(fps=15) as fast:
        yield {
            "half speed": rtsp(rtsp_server, "half", rate=0.5),
            "double speed": rtsp(rtsp_server, "double", rate=2.0),
            "steps of a second": rtsp(rtsp_server, "steps", step=1.0),
            "falls back before the call": rtsp(rtsp_server, "before", fall=-3.0),
            "falls back after the call": rtsp(rtsp_server, "after", fall=0.5),
            "MJPEG, 5 fps": mjpeg(slow),
            "MJPEG, 15 fps": mjpeg(fast),
        }


async def add(client: Client, name: str, source: Source) -> str:
    """Add a camera as a user does; return its entity id."""
    form: dict[str, Any] = {"name": name, "url": source.url, "rtsp_transport": "tcp"}
    form["advanced"] = {"verify_ssl": False, "use_wallclock_as_timestamps": False}
    entry = await client.add_entry(("camera_url", form), (source.preview, {}))
    await client.change_options(entry["entry_id"], "history", history_enabled=False)
    return await client.entity_id(entry["entry_id"], "camera")


async def wait_for(moment: float) -> None:
    """Return at a monotonic time: the cameras send by the clock."""
    await until(lambda: time.monotonic() >= moment, within=60)


async def record(client: Client, source: Source, camera: str, call: float) -> dict[str, Any]:
    """Record at the monotonic time `call`, while the stamps of a camera fall back if it does that.

    Returns the answer, and the UNIX time of the call.
    """
    data = {"entity_id": camera, "lookback": ASKED, "duration": ASKED}
    if source.fall < 0:
        await fall_back(source, call)
    await wait_for(call)
    called = time.time()
    clip = asyncio.create_task(client.call_action("retrocam", "record", data))
    if source.fall > 0:
        await fall_back(source, call)
    async with asyncio.timeout(6 * ASKED):
        answer: dict[str, Any] = (await clip)[camera]
    return {**answer, "called": called}


async def fall_back(source: Source, call: float) -> None:
    assert source.mount is not None
    await wait_for(call + source.fall)
    await asyncio.to_thread(source.mount.shift_stamps, -FALL)


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_clip_shows_the_seconds_asked_for(
    tmp_path: Path, sources: dict[str, Source], subtests: pytest.Subtests
) -> None:
    async with running(tmp_path, free_port()) as server, Client.logged_in(server.url) as client:
        cameras = {name: await add(client, name, source) for name, source in sources.items()}
        for camera in cameras.values():
            await client.wait_for_state(camera)
        call = time.monotonic() + WATCHED
        answers = await asyncio.gather(
            *(record(client, source, cameras[name], call) for name, source in sources.items()),
            return_exceptions=True,
        )
        assert [line for line in server.log.splitlines() if "Traceback" in line] == []
    for (name, source), answer in zip(sources.items(), answers, strict=True):
        with subtests.test(name):
            if isinstance(answer, BaseException):
                raise answer
            # Home Assistant drops what has no later stamp than before.
            assert answer["reason"] == ("interrupted" if source.fall else None)
            called = answer["called"]
            check_clip(answer, source.taken, called, called + ASKED, gop=source.gop)
