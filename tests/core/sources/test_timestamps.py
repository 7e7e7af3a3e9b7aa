"""Which sources need the wall clock, against real servers."""

from fractions import Fraction
from itertools import islice
import threading

import av
import pytest

from custom_components.retrocam.core.errors import NotFoundError
from custom_components.retrocam.core.sources.probe import has_timestamps, probe
from custom_components.retrocam.core.sources.timestamps import (
    StampOrder,
    TimestampCheck,
    are_made_up,
)
from tests.rtsp import RtspServer

from ...mjpeg import MjpegCamera
from ...rtsp_viewer import watched

GOP = 60.0
"""Seconds from keyframe to keyframe: however late a client joins, it is between two."""


def usable(url: str) -> bool:
    return has_timestamps(url, {}, threading.Event(), open_timeout=60, read_timeout=60)


@pytest.mark.parametrize("fps", [5, 25])
def test_mjpeg_over_http_has_none(socket_enabled: None, fps: float) -> None:
    with MjpegCamera(fps=fps) as camera:
        assert not usable(camera.url)
        result = probe(camera.url, {}, threading.Event(), open_timeout=60, read_timeout=60)
        assert not result.has_timestamps
        assert result.container == "mpjpeg"


@pytest.mark.parametrize(
    ("container", "made_up"),
    [
        ("mpjpeg", True),
        ("mjpeg", True),
        ("h264", True),
        ("hevc", True),
        ("jpeg_pipe", True),
        ("gif_pipe", True),
        ("rtsp", False),
        ("mpegts", False),
        ("hls", False),
        ("flv", False),
        ("mov,mp4,m4a,3gp,3g2,mj2", False),
        ("matroska,webm", False),
        ("no such container", False),
    ],
)
def test_containers_whose_timestamps_are_made_up(container: str, *, made_up: bool) -> None:
    assert are_made_up(container) is made_up


def test_rtsp_camera_joined_between_keyframes(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch", gop=GOP)
    with watched(mount):
        assert not usable(mount.url)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_rtsp_camera_joined_at_a_keyframe(rtsp_server: RtspServer, b_frames: int) -> None:
    assert usable(rtsp_server.mount("/porch", b_frames=b_frames).url)


def test_refused_check(rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch")
    mount.refuse(404)
    with pytest.raises(NotFoundError):
        usable(mount.url)


@pytest.mark.parametrize(
    ("packets", "has_b_frames", "expected"),
    [
        # K and k are keyframes, P and p others; lower case has no dts.
        ("K", False, True),
        ("kP", False, True),
        ("ppK", False, True),
        ("pppP", False, None),
        ("pppp", False, False),
        ("pppp", True, None),
        ("ppppppp", True, False),
        ("kppppp", False, None),
        ("kpppppp", False, False),
        ("PPPP", False, None),
        ("pppPpppPK", False, True),
    ],
)
def test_packets(packets: str, expected: bool | None, *, has_b_frames: bool) -> None:
    check = TimestampCheck("rtsp", has_b_frames=has_b_frames)
    for packet in packets:
        check.add(stamped=packet.isupper(), keyframe=packet in "Kk")
    assert check.usable is expected


@pytest.mark.parametrize(
    ("stamps", "rises", "known"),
    [
        ([], True, False),
        ([1, 2], True, False),
        ([None, 1, None, 2, 3], True, True),
        # One may be made up by FFmpeg.
        ([0, 0, 1], True, False),
        ([0, 0, 1, 2, 3, 4, 5], True, True),
        ([0, 0, 0], False, True),
        ([0, 1, 1, 2, 2], False, True),
        ([0, 0, 1, 2, 2], False, True),
        ([5, 3, 6, 4], False, True),
    ],
)
def test_stamps_that_do_not_rise(stamps: list[int | None], *, rises: bool, known: bool) -> None:
    order = StampOrder()
    for stamp in stamps:
        order.add(stamp)
    assert (order.rises, order.known) == (rises, known)


@pytest.mark.parametrize(("b_frames", "expected"), [(0, False), (2, True)])
def test_stamps_in_steps_of_a_second(
    rtsp_server: RtspServer, b_frames: int, *, expected: bool
) -> None:
    mount = rtsp_server.mount("/porch", fps=10, stamp_step=1.0, b_frames=b_frames)
    result = probe(mount.url, {"rtsp_transport": "tcp"}, threading.Event())
    assert result.has_timestamps is expected


def test_mjpeg_is_stamped_in_steps_of_40_ms(socket_enabled: None) -> None:
    """A limit of FFmpeg: Home Assistant drops all frames of a step but one."""
    clock = {"use_wallclock_as_timestamps": "1"}
    with (
        MjpegCamera(fps=60, width=160, height=96) as camera,
        av.open(camera.url, options=clock) as container,
    ):
        stream = container.streams.video[0]
        assert stream.time_base == Fraction(1, 25)
        packets = islice(container.demux(stream), 30)
        assert len({packet.dts for packet in packets}) < 25
