"""Recovery points of H.264."""

import pytest

from custom_components.retrocam.core.mp4.fragment_reader import read_tracks, samples
from custom_components.retrocam.core.mp4.refresh import recovery_frames

from ..media import cut
from ..reformats import Take, encode_takes

IDR, SLICE = b"\x65\x88\x80", b"\x41\x9a\x00"


def description(codec: str = "libx264") -> bytes:
    init = cut(encode_takes((Take(60),), codec=codec))[0].init
    return read_tracks(init)[0].description


def sei(*messages: bytes) -> bytes:
    return b"\x06" + b"".join(messages) + b"\x80"


def recovery(bits: str) -> bytes:
    """Build a message with an Exp-Golomb code, and the flags that follow."""
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
    return bytes((6, len(data))) + data


def sample(*nals: bytes) -> bytes:
    return b"".join(len(nal).to_bytes(4) + nal for nal in nals)


NINE, NONE = recovery("0001010" + "0010"), recovery("1" + "0000")
TEXT = b"\x05\xff\x10" + bytes(255 + 16)
"""Another message, with a size of two bytes."""


@pytest.mark.parametrize(
    ("keyframe", "frames"),
    [
        (sample(sei(NINE), SLICE), 9),
        (sample(sei(TEXT, NINE), SLICE), 9),
        (sample(sei(TEXT), sei(NINE), SLICE), 9),
        (sample(sei(NONE), SLICE), 0),
        (sample(SLICE), 0),
        (sample(IDR), 0),
        (sample(IDR, sei(NINE)), 0),
        # Longer than any camera takes: a lie.
        (sample(sei(recovery("0" * 12 + "1" * 13)), SLICE), 0),
        (sample(sei(b"\x06\x02\x00\x00"), SLICE), 0),
        (sample(sei(b"\x06\x7f\x00")), 0),
        (sample(b"\x06", b"", b"\x06\xff\xff\xff"), 0),
        (b"\0\0", 0),
        (b"\x7f\xff\xff\xff\x06", 0),
    ],
)
def test_recovery_points(keyframe: bytes, frames: int) -> None:
    assert recovery_frames(description(), keyframe) == frames


def test_recovery_points_of_an_encoder() -> None:
    cuts = cut(encode_takes((Take(300, size=(320, 180), params="intra-refresh=1"),), gop=50))
    (track,) = read_tracks(cuts[0].init)
    found = [
        recovery_frames(track.description, part.data[one.offset : one.offset + one.size])
        for segment in cuts
        for part in segment.parts
        for one in samples(part.data, track)
        if one.keyframe
    ]
    # The first keyframe of all is whole.
    assert found[0] == 0
    assert min(found[1:]) > 10


@pytest.mark.parametrize("stsd", [b"", b"\0\0\0\0\0\0\0\1", description("libx265")])
def test_other_codecs_have_none(stsd: bytes) -> None:
    assert recovery_frames(stsd, sample(sei(NINE), SLICE)) == 0
