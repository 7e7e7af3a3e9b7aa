"""The relay of real MJPEG, over HTTP and of files."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from fractions import Fraction
from functools import partial
import io
from itertools import pairwise
from pathlib import Path

import av
import pytest

from custom_components.retrocam.core.frames.jpeg import encode, planes
from custom_components.retrocam.core.pattern.picture import TestPattern
from custom_components.retrocam.core.publish.relay import Relay
from custom_components.retrocam.core.sources.opening import open_source
from custom_components.retrocam.core.sources.probe import SLOW_OPTIONS
from custom_components.retrocam.core.threads import run_in_thread

from ...mjpeg import MjpegCamera
from ...pattern_reader import read_frame_number
from ...rtsp import RtspServer
from .relayed import WITHIN, read_seconds, relay_of as rtsp_relay_of
from .transport import FPS, DecodedStream, has_picture, played

BY_CLOCK = {"use_wallclock_as_timestamps": "1", **SLOW_OPTIONS}
VGA, FULL_HD = (640, 480), (1920, 1080)


def relay_of(url: str) -> Relay:
    """Return a relay of MJPEG over HTTP, as cameras open it."""
    opening = partial(open_source, url, BY_CLOCK, (30.0, 30.0))
    return Relay(opening, by_arrival=True)


async def read(relay: Relay, pictures: int) -> DecodedStream:
    """Read a number of pictures and decode them."""
    data, seen = bytearray(), 0
    async with asyncio.timeout(WITHIN), aclosing(relay.reader()) as chunks:
        async for chunk in chunks:
            data += chunk
            seen += has_picture(chunk)
            if seen == pictures:
                break
    await run_in_thread("closing", relay.close)
    return played(bytes(data))


@pytest.mark.parametrize(
    ("fps", "size"),
    [
        (0.5, VGA),
        (5, VGA),
        (15, VGA),
        (30, VGA),
        (5, FULL_HD),
        pytest.param(15, FULL_HD, marks=pytest.mark.long),
        pytest.param(30, FULL_HD, marks=pytest.mark.long),
    ],
)
@pytest.mark.usefixtures("socket_enabled")
async def test_every_picture_is_there_at_its_time(fps: float, size: tuple[int, int]) -> None:
    count = max(4, round(6 * fps))
    with MjpegCamera(fps=fps, width=size[0], height=size[1]) as camera:
        shown = await read(relay_of(camera.url), count)
        assert camera.requests == 1
    assert len(shown.numbers) == count
    numbers = [number for number in shown.numbers if number is not None]
    assert numbers == list(range(numbers[0], numbers[0] + count))
    assert all(before < after for before, after in pairwise(shown.times))
    if size == VGA:
        # A busy machine sends and converts 1080p with delays of its own.
        late = [at - camera.sent[number] for at, number in zip(shown.times, numbers, strict=True)]
        assert max(late) - min(late) < 0.5


@pytest.mark.parametrize("sound", ["", "pcma"])
@pytest.mark.usefixtures("socket_enabled")
async def test_every_picture_of_rtsp_is_converted(rtsp_server: RtspServer, sound: str) -> None:
    mount = rtsp_server.mount("/cam", fps=10, codec="mjpeg", sound=sound)
    shown = await read_seconds(rtsp_relay_of(mount.url), 6, 10)
    numbers = [number for number in shown.numbers if number is not None]
    assert len(numbers) == len(shown.numbers) == 60
    assert numbers == list(range(numbers[0], numbers[0] + 60))
    assert shown.audio == ("aac" if sound else "")
    assert all(abs(apart) < 0.04 for apart in shown.apart)
    assert len(shown.apart) >= 4 * bool(sound)
    assert mount.watchers_ever == 1


def jpeg(number: int, width: int, height: int) -> bytes:
    """Draw a numbered picture and encode it."""
    frame = TestPattern(320, 180, FPS).render(number, number / FPS)
    return encode(frame.reformat(width, height))


def relay_of_file(path: Path, jpegs: Iterable[bytes]) -> Relay:
    """Return the relay of a file of MJPEG."""
    with av.open(str(path), "w", format="nut") as output:
        stream = output.add_stream("mjpeg", FPS)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuvj420p"
        for number, data in enumerate(jpegs):
            packet = av.Packet(data)
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, FPS)
            packet.is_keyframe = True
            packet.stream = stream
            output.mux(packet)
    return Relay(partial(av.open, str(path)))


async def read_all(relay: Relay) -> bytes:
    """Read to the end."""
    async with asyncio.timeout(WITHIN), aclosing(relay.reader()) as chunks:
        data = b"".join([chunk async for chunk in chunks])
    await run_in_thread("closing", relay.close)
    return data


async def test_odd_and_changed_sizes_are_kept_and_damage_is_skipped(tmp_path: Path) -> None:
    small = [jpeg(number, 321, 181) for number in range(5)]
    large = [jpeg(number, 640, 360) for number in range(5, 10)]
    damaged = [large[0][:60], b"no picture"]
    relay = relay_of_file(tmp_path / "odd.nut", [*small, *damaged, *large])
    data = await read_all(relay)
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        assert container.streams.video[0].codec_context.name == "h264"
        frames = list(container.decode(video=0))
    sizes = [(frame.width, frame.height) for frame in frames]
    assert sizes == [(320, 180)] * 5 + [(640, 360)] * 5
    assert [read_frame_number(planes(frame)[0]) for frame in frames] == list(range(10))


@pytest.mark.parametrize("harm", ["pixels", "scans", "bytes"])
async def test_harmful_picture_ends_the_relay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    good = jpeg(0, 320, 180)
    sof, sos = good.index(b"\xff\xc0"), good.index(b"\xff\xda")
    harmful = {
        # Height and width of the frame header: ITU-T T.81, B.2.2.
        "pixels": good[: sof + 5] + b"\x1f\x40\x1f\x40" + good[sof + 9 : -2] + b"\0" * 9_000_000,
        "scans": good[:sos] + good[sos:-2] * 70 + good[-2:],
        "bytes": good + b"\0" * 33_000_000,
    }[harm]
    relay = relay_of_file(tmp_path / "harm.nut", [good, good, good, harmful, good])
    data = await read_all(relay)
    assert len(played(data).numbers) == 3
    assert "PictureTooLargeError" in caplog.text
