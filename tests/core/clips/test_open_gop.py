"""Clips of streams whose keyframes are followed by frames that need what came before."""

import subprocess

import pytest

from ..media import cut
from ..reformats import Take, believed, encode_takes
from .clip_checks import Camera, ended, numbers_in


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_clip_starts_with_its_keyframe(camera: Camera, codec: str) -> None:
    camera.feed(cut(encode_takes((Take(400, bframes=2, params="open-gop=1"),), codec=codec)))
    begin = camera.ring.segments[0].start + 2 / 25
    result = ended(camera.writer(4, 2, trigger=begin + 8))
    numbers = numbers_in(result.path)
    # The leading frames of the keyframe, 98 and 99, are left out.
    assert numbers[:3] == [100, 101, 102]
    assert numbers == list(range(100, 100 + len(numbers)))
    assert believed(result.path) == numbers
    strict = ["ffmpeg", "-v", "error", "-xerror", "-i", str(result.path), "-f", "null", "-"]
    subprocess.run(strict, capture_output=True, check=True)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_clip_continues_after_a_gap_with_a_keyframe(camera: Camera, codec: str) -> None:
    cuts = cut(encode_takes((Take(400, bframes=2, params="open-gop=1"),), codec=codec))
    camera.feed(cuts)
    writer = camera.writer(3, 6)
    camera.reconnect(cuts[1:], away=2)
    numbers = numbers_in(ended(writer).path)
    assert None not in numbers
