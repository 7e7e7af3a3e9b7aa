"""Clips of cameras that change their format inside the stream."""

from collections.abc import Iterable
from itertools import chain

import pytest

from custom_components.retrocam.core.clips.result import ClipFile

from ..media import cut, encode
from ..reformats import Take, believed, encode_takes
from .clip_checks import Camera, ended, ffprobe, numbers_in

SMALL, LARGE = (160, 96), (320, 192)


def sizes(files: Iterable[ClipFile]) -> list[tuple[int, int]]:
    return [
        (stream["width"], stream["height"])
        for file in files
        for stream in ffprobe(file.path, "-select_streams", "v", "-show_streams")["streams"]
    ]


def assert_exact(files: Iterable[ClipFile], expected: Iterable[int]) -> None:
    """Check the frames of all files, also for a player that uses the headers' parameter sets alone."""
    paths = [file.path for file in files]
    found = list(expected)
    assert numbers_in(*paths) == found
    assert list(chain.from_iterable(map(believed, paths))) == found


@pytest.mark.parametrize(
    ("codec", "container", "low_latency"),
    [
        ("libx264", "mpegts", True),
        ("libx264", "mpegts", False),
        ("libx265", "mp4", True),
        ("libx265", "mp4", False),
        # FFmpeg removes the parameter sets. Here each part has at most one keyframe.
        ("libx265", "mpegts", True),
    ],
)
def test_change_of_size_starts_another_file(
    camera: Camera, codec: str, container: str, low_latency: bool
) -> None:
    takes = (Take(210, SMALL), Take(190, LARGE))
    camera.feed(cut(encode_takes(takes, codec=codec, container=container), low_latency=low_latency))
    begin = camera.ring.segments[0].start
    result = ended(camera.writer(6, 6, trigger=begin + 8))
    assert sizes(result.parts) == [SMALL, LARGE]
    assert_exact(result.parts, range(50, 350))
    assert result.complete
    assert result.parts[1].start - result.parts[0].start == pytest.approx(6.4, abs=0.05)
    assert camera.ring.frame_size == LARGE


def test_change_of_the_encoder_alone_starts_another_file(camera: Camera) -> None:
    takes = (Take(160), Take(240, preset="superfast", bframes=2))
    camera.feed(cut(encode_takes(takes)))
    # The first dts precedes the first pts by the two reordered frames.
    begin = camera.ring.segments[0].start + 2 / 25
    result = ended(camera.writer(6, 4, trigger=begin + 8))
    assert sizes(result.parts) == [SMALL, SMALL]
    # Frame 299 is predicted from frame 300.
    assert_exact(result.parts, range(50, 301))


def test_clips_after_a_change_have_the_new_format(camera: Camera) -> None:
    camera.feed(cut(encode_takes((Take(60, SMALL), Take(540, LARGE)))))
    result = ended(camera.writer(3, 4, trigger=camera.ring.segments[0].start + 15))
    assert sizes(result.parts) == [LARGE]
    assert_exact(result.parts, range(numbers_in(result.path)[0] or 0, 475))


def test_change_and_return(camera: Camera) -> None:
    takes = (Take(110, SMALL), Take(10, LARGE, "superfast"), Take(7, SMALL), Take(300, LARGE))
    camera.feed(cut(encode_takes(takes)))
    result = ended(camera.writer(3, 6, trigger=camera.ring.segments[0].start + 4))
    assert sizes(result.parts) == [SMALL, LARGE, SMALL, LARGE]
    assert_exact(result.parts, range(25, 250))
    small = {one.tracks for one in camera.ring.segments if one.video and one.video.size == SMALL}
    assert len(small) == 1


def test_sound_is_cut_at_the_change(camera: Camera) -> None:
    takes = (Take(110, SMALL), Take(190, LARGE))
    camera.feed(cut(encode_takes(takes, container="mp4", with_sound=True)))
    result = ended(camera.writer(3, 6, trigger=camera.ring.segments[0].start + 4))
    assert sizes(result.parts) == [SMALL, LARGE]
    assert_exact(result.parts, range(25, 250))
    for file in result.parts:
        streams = ffprobe(file.path, "-show_streams")["streams"]
        video, sound = (float(stream["duration"]) for stream in streams)
        assert sound == pytest.approx(video, abs=0.05)


def test_aspect_ratio_follows(camera: Camera) -> None:
    takes = (Take(100, aspect=(16, 11)), Take(100, aspect=(4, 3)), Take(150))
    camera.feed(cut(encode_takes(takes)))
    result = ended(camera.writer(6, 4, trigger=camera.ring.segments[0].start + 6))
    streams = [ffprobe(file.path, "-show_streams")["streams"][0] for file in result.parts]
    ratios = [stream.get("sample_aspect_ratio", "1:1") for stream in streams]
    assert ratios == ["16:11", "4:3", "1:1"]


def test_reconnect_takes_the_header_again(camera: Camera) -> None:
    camera.feed(cut(encode_takes((Take(60, SMALL), Take(150, LARGE)))))
    camera.reconnect(cut(encode(400, first=1000)), away=0)
    result = ended(camera.writer(3, 3, trigger=camera.ring.segments[-1].start))
    assert sizes(result.parts) == [SMALL]
    assert believed(result.path) == numbers_in(result.path)


def test_header_that_differs_from_the_stream(camera: Camera) -> None:
    """As from cameras whose session description is not what they send."""
    (header, *_) = cut(encode(200, size=SMALL))
    cuts = cut(encode(400, size=LARGE))
    for one in cuts:
        one.init = header.init
    camera.feed(cuts)
    result = ended(camera.writer(3, 3, trigger=camera.ring.segments[0].start + 4))
    assert sizes(result.parts) == [LARGE]
    assert believed(result.path) == numbers_in(result.path)
