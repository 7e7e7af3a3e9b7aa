"""The RTSP server of the tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
import socket
import sys
import time
from typing import cast

import av
from av.container import InputContainer
import numpy as np
from numpy.typing import NDArray
import pytest

from tests import rtsp
from tests.json_process import ProcessDiedError
from tests.rtsp import RtspServer, RtspUnavailableError

from ...pattern_reader import flash_visible, read_frame_number

QUICK = {"rtsp_transport": "tcp", "fpsprobesize": "0", "analyzeduration": "5000000"}
"""Avoids FFmpeg's measurement of the frame rate, which takes 2 s. It ends with the first picture, which
may be late on a busy machine."""


@contextmanager
def watching(url: str, timeout: float = 60) -> Iterator[InputContainer]:
    with av.open(url, options=QUICK, timeout=timeout) as container:
        yield container


def luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return cast("NDArray[np.uint8]", frame.to_ndarray(format="gray"))


def numbered(container: InputContainer) -> Iterator[int]:
    """Yield the number in each frame."""
    for frame in container.decode(video=0):
        number = read_frame_number(luma(frame))
        assert number is not None
        yield number


def numbers(container: InputContainer, count: int) -> list[int]:
    """Return the numbers of up to `count` frames."""
    return list(islice(numbered(container), count))


def ends(container: InputContainer) -> bool:
    """Return whether the stream ends within 150 frames, with or without an error."""
    try:
        return len(numbers(container, 150)) < 150
    except av.FFmpegError:
        return True


def one_by_one(read: list[int]) -> bool:
    return bool(read) and read == list(range(read[0], read[0] + len(read)))


@pytest.mark.parametrize(
    ("options", "codec", "size"),
    [
        pytest.param({}, "h264", (320, 180), id="h264"),
        pytest.param({"codec": "h265"}, "hevc", (320, 180), id="h265"),
        pytest.param({"b_frames": 2}, "h264", (320, 180), id="b-frames"),
        pytest.param(
            {"width": 1280, "height": 720, "fps": 25, "audio": True},
            "h264",
            (1280, 720),
            id="720p-sound",
        ),
    ],
)
def test_frames_arrive_in_order_and_lossless(
    rtsp_server: RtspServer, options: dict[str, object], codec: str, size: tuple[int, int]
) -> None:
    mount = rtsp_server.mount("/cam", **options)
    with watching(mount.url) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == (codec, *size)
        read = numbers(container, 18)
        assert one_by_one(read), read
        assert bool(container.streams.audio) is mount.options.audio


def test_keyframe_interval(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam", gop=0.4)
    with watching(mount.url) as container:
        packets = [packet for packet, _ in zip(container.demux(video=0), range(14), strict=False)]
    keys = [index for index, packet in enumerate(packets) if packet.is_keyframe]
    assert len(keys) >= 2
    assert {after - before for before, after in pairwise(keys)} == {6}


def test_audio_beeps_with_the_flashes(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam", audio=True)
    heard: list[float] = []
    seen: list[float] = []
    loud: list[float] = []
    flashes: list[float] = []
    with watching(mount.url) as container:
        sound = container.streams.audio[0].codec_context
        assert (sound.name, sound.sample_rate, sound.layout.name) == ("aac", 48_000, "mono")
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    heard.append(frame.time or 0.0)
                    loud += heard[-1:] * bool(np.abs(frame.to_ndarray()).max() > 0.1)
                elif isinstance(frame, av.VideoFrame):
                    seen.append(frame.time or 0.0)
                    flashes += seen[-1:] * flash_visible(luma(frame))
            if heard and seen and min(heard[-1], seen[-1]) > max(heard[0], seen[0]) + 1.6:
                break
    # The other half of what is at an edge may be missing.
    begin, end = max(heard[0], seen[0]) + 0.1, min(heard[-1], seen[-1]) - 0.1
    flashes = [at for at in flashes if begin < at < end]
    assert flashes
    assert all(any(abs(flash - beep) < 0.1 for beep in loud) for flash in flashes)
    # 1.4 s hold one beep of 0.1 s, or two.
    assert len([at for at in loud if begin < at < end]) < 16


def test_watchers_are_counted(rtsp_server: RtspServer) -> None:
    one, other = rtsp_server.mount("/one"), rtsp_server.mount("/other")
    with watching(one.url) as first, watching(one.url) as second:
        one.wait_for_watchers(2)
        # They share one stream: what the second sees, the first saw too, however late the second came.
        (seen,) = numbers(second, 1)
        assert next(number for number in numbered(first) if number >= seen) == seen
    one.wait_for_watchers(0)
    assert (one.watchers_ever, other.watchers_ever) == (2, 0)


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_authentication(auth: str) -> None:
    with RtspServer("basic" if auth == "basic" else "digest") as server:
        mount = server.mount("/cam", username="admin", password="p@ss w:rd")
        free = server.mount("/free")
        with pytest.raises(av.HTTPUnauthorizedError), watching(mount.url):
            pass
        with pytest.raises(av.HTTPUnauthorizedError), watching(mount.url_with("admin", "wrong")):
            pass
        for url in (mount.url_with("admin", "p@ss w:rd"), free.url):
            with watching(url) as container:
                assert one_by_one(numbers(container, 2))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, av.HTTPUnauthorizedError),
        (403, av.HTTPForbiddenError),
        (404, av.HTTPNotFoundError),
    ],
)
def test_refusal_status(rtsp_server: RtspServer, status: int, error: type[Exception]) -> None:
    mount = rtsp_server.mount("/cam")
    mount.refuse(status)
    with pytest.raises(error), watching(mount.url):
        pass
    mount.refuse(0)
    with watching(mount.url) as container:
        assert one_by_one(numbers(container, 2))


def test_unmounted_path_is_not_found(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam")
    rtsp_server.unmount(mount)
    with pytest.raises(av.HTTPNotFoundError), watching(mount.url):
        pass


def test_frame_numbers_continue_after_a_kill(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam")
    with watching(mount.url) as container:
        before = numbers(container, 5)
        rtsp_server.kill()
        assert ends(container)
    with pytest.raises(av.ConnectionRefusedError), watching(mount.url):
        pass
    rtsp_server.restart()
    with watching(mount.url) as container:
        after = numbers(container, 5)
    mount.wait_for_watchers(0)
    assert one_by_one(after)
    assert after[0] > before[-1]
    assert mount.watchers_ever == 2


def test_hanging_server_accepts_and_never_responds(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam")
    rtsp_server.hang()
    with pytest.raises(av.FFmpegError) as caught, watching(mount.url, timeout=0.3):
        pass
    assert not isinstance(caught.value, av.ConnectionRefusedError)
    rtsp_server.resume()
    with watching(mount.url) as container:
        assert one_by_one(numbers(container, 2))


def test_server_refuses_only_new_connections(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam")
    with watching(mount.url) as container:
        mount.wait_for_watchers(1)
        rtsp_server.accept(accept=False)
        with pytest.raises(av.ConnectionRefusedError), watching(mount.url):
            pass
        assert one_by_one(numbers(container, 15))
    rtsp_server.accept(accept=True)
    with watching(mount.url) as container:
        assert one_by_one(numbers(container, 2))


def test_frozen_stream_resumes_at_the_present(rtsp_server: RtspServer) -> None:
    mount, clock = (rtsp_server.mount(path, fps=25) for path in ("/cam", "/clock"))
    with watching(mount.url) as container, watching(clock.url) as ticks:
        frames = numbered(container)
        next(frames)
        mount.freeze()
        frozen = (time.time() - rtsp_server.epoch) * 25
        # Both count from the same epoch.
        now = next(number for number in numbered(ticks) if number > frozen + 40)
        mount.thaw()
        read = [next(frames)]
        while read[-1] < now - 1:
            read.append(next(frames))
        read += islice(frames, 10)
        assert mount.watchers == 1
    steps = [after - before for before, after in pairwise(read)]
    assert sorted(steps)[:-1] == [1] * (len(steps) - 1)
    assert max(steps) > 10
    assert read[steps.index(max(steps)) + 1] >= now - 1


def test_freeze_requires_a_watcher(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam")
    with pytest.raises(RuntimeError, match="nobody watches /cam"):
        mount.freeze()


def test_size_changes_between_connections(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam")
    with watching(mount.url) as container:
        assert container.streams.video[0].width == 320
        mount.change(width=640, height=360, codec="h265")
        mount.disconnect()
        assert ends(container)
    mount.wait_for_watchers(0)
    with watching(mount.url) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.width) == ("hevc", 640)
        assert one_by_one(numbers(container, 2))


async def test_async_wait_survives_a_restart(
    rtsp_server: RtspServer,
) -> None:
    mount = rtsp_server.mount("/cam")
    twice = asyncio.create_task(mount.async_wait_for_watchers_ever(2))
    await asyncio.sleep(0)

    def watch() -> None:
        with watching(mount.url) as container:
            numbers(container, 1)

    await asyncio.to_thread(watch)
    await mount.async_wait_for_watchers(0)
    assert not twice.done()
    rtsp_server.restart()
    await asyncio.to_thread(watch)
    await twice
    assert mount.watchers_ever == 2


def test_failed_waits_raise(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/cam")
    with pytest.raises(TimeoutError):
        rtsp_server.process.wait(lambda: mount.watchers == 1, timeout=0)
    rtsp_server.kill()
    with pytest.raises(ProcessDiedError):
        mount.refuse(404)


def test_port_in_use_is_an_error(rtsp_server: RtspServer) -> None:
    second = RtspServer()
    second.port = rtsp_server.port
    with pytest.raises(RtspUnavailableError, match="is taken"):
        second.start()
    assert not second.process.running


def test_port_is_kept_while_the_server_is_away(
    rtsp_server: RtspServer, socket_enabled: None
) -> None:
    """A connection or server of another test would get it, and the server could not begin again."""
    address = ("127.0.0.1", rtsp_server.port)
    rtsp_server.kill()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(address)
    # It answers as a port on which nothing listens.
    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(address)
    rtsp_server.start()
    assert rtsp_server.port == address[1]


def test_missing_bindings_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp, "SYSTEM_PYTHON", sys.executable)
    with pytest.raises(RtspUnavailableError, match="No module named 'gi'"):
        RtspServer().start()
    monkeypatch.setattr(rtsp, "SYSTEM_PYTHON", "/nowhere/python3")
    with pytest.raises(RtspUnavailableError, match="/nowhere/python3"):
        RtspServer().start()


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
)
def test_missing_server_skips_locally_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match=r"no RTSP server .*: no gi"):
        rtsp.unavailable("no gi")
