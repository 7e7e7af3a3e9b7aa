"""The relay, of real RTSP sources."""

import asyncio
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
import threading
from typing import NoReturn

import av
import pytest

from custom_components.retrocam.core.publish.relay import Relay
from custom_components.retrocam.core.threads import run_in_thread

from ...rtsp import RtspServer
from ...waiting import until
from .relayed import WITHIN, Relayed, read_seconds, relay_of
from .transport import picture

CODECS = ("pcma", "pcmu", "opus", "mp3", "l16", "latm")
FPS = 25


def steps(shown: Relayed) -> set[int]:
    """Return the differences between the numbers of successive frames, all of which must be readable."""
    numbers = [number for number in shown.numbers if number is not None]
    assert len(numbers) == len(shown.numbers)
    return {after - before for before, after in pairwise(numbers)}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.usefixtures("socket_enabled")
async def test_sound_is_converted_in_step_with_every_frame(
    rtsp_server: RtspServer, codec: str
) -> None:
    mount = rtsp_server.mount("/cam", fps=FPS, sound=codec)
    relay = relay_of(mount.url)
    shown = await read_seconds(relay, 6, FPS)
    await run_in_thread("closing", relay.close)
    assert shown.audio == "aac"
    assert steps(shown) == {1}
    assert len(shown.apart) >= 4
    assert max(abs(apart) for apart in shown.apart) < 0.04
    assert mount.watchers_ever == 1


@pytest.mark.usefixtures("socket_enabled")
async def test_drift_of_the_sound_is_followed(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam", fps=FPS, sound="pcma", sound_drift=0.002, rtcp=False)
    relay = relay_of(mount.url)
    shown = await read_seconds(relay, 45, FPS)
    await run_in_thread("closing", relay.close)
    assert len(shown.apart) >= 40
    # The end would be 90 ms apart.
    assert max(abs(apart) for apart in shown.apart) < 0.05


@pytest.mark.usefixtures("socket_enabled")
async def test_stamps_that_leap_and_fall_back_lose_nothing(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam", fps=FPS, sound="pcma", rtcp=False)
    relay = relay_of(mount.url)
    shifts = {3 * FPS: lambda: mount.shift_stamps(5.0), 7 * FPS: lambda: mount.shift_stamps(-7.0)}
    shown = await read_seconds(relay, 12, FPS, shifts)
    await run_in_thread("closing", relay.close)
    assert steps(shown) == {1}
    assert len(shown.apart) >= 9
    assert max(abs(apart) for apart in shown.apart) < 0.05


async def test_packet_that_is_too_large_ends_the_relay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "huge.nut"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        sent = [*stream.encode(picture(0).frame), *stream.encode(None)]
        for number in range(3):
            # Filler data, which a decoder skips: ITU-T H.264, 7.4.2.7.
            filler = b"\0\0\0\1\x0c" + b"\xff" * 33_000_000 * (number == 2)
            packet = av.Packet(bytes(sent[0]) + filler)
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, FPS)
            packet.is_keyframe = True
            packet.stream = stream
            output.mux(packet)
    relay = Relay(lambda: av.open(str(path)))
    async with asyncio.timeout(WITHIN):
        sizes = [len(chunk) async for chunk in relay.reader()]
    await run_in_thread("closing", relay.close)
    assert max(sizes) < 1_000_000
    assert "PictureTooLargeError" in caplog.text


async def test_closed_relay_is_waited_for_by_the_next_and_tells_no_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    opening, answered = threading.Event(), threading.Event()

    def hang() -> NoReturn:
        opening.set()
        answered.wait()
        raise RuntimeError("hunter2")

    def fail() -> NoReturn:
        assert answered.is_set()
        raise OSError

    former = Relay(hang, name="former")
    reading = asyncio.create_task(anext(former.reader(), None))
    await until(opening.is_set)
    relay = Relay(fail, former=former, name="next")
    assert former.closed
    assert await reading is None
    reading = asyncio.create_task(anext(relay.reader(), None))
    await until(lambda: relay.running)
    answered.set()
    assert await reading is None
    await run_in_thread("closing", relay.close)
    assert "former ended with RuntimeError" in caplog.text
    assert "next: the source failed with OSError" in caplog.text
    assert "hunter2" not in caplog.text
