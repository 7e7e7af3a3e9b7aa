"""Parameter sets: what they say, compared with FFmpeg, and when they change a format."""

from fractions import Fraction
import io
import struct
from typing import Any

import av
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.retrocam.core.errors import FragmentError
from custom_components.retrocam.core.mp4.fragment_reader import Track, read_tracks, samples
from custom_components.retrocam.core.mp4.parameter_sets import ParameterSets, read_parameter_sets
from custom_components.retrocam.core.mp4.reformat import reformatted_init
from custom_components.retrocam.core.mp4.sequence_parameters import (
    read_avc_sequence,
    read_hevc_sequence,
)

from ..media import cut, encode, pattern

QUIET = "log-level=none:pools=none:frame-threads=1"


def extradata(
    codec: str,
    size: tuple[int, int],
    pixels: str,
    aspect: tuple[int, int] = (1, 1),
    params: str = "",
) -> bytes:
    """Return the init of a short file."""
    file = io.BytesIO()
    with av.open(
        file, "w", format="mp4", options={"movflags": "empty_moov+default_base_moof"}
    ) as out:
        name = "x264-params" if codec == "libx264" else "x265-params"
        stream: Any = out.add_stream(codec, rate=25, options={name: params, "preset": "ultrafast"})
        (stream.width, stream.height), stream.pix_fmt = size, pixels
        stream.codec_context.sample_aspect_ratio = Fraction(*aspect)
        for number in range(3):
            frame = pattern(320, 192, 25).render(number, 0.0).reformat(*size, format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    data = file.getvalue()
    return data[: data.index(b"moof") - 4]


def video_of(init: bytes) -> tuple[Track, ParameterSets]:
    (track,) = read_tracks(init)
    sets = read_parameter_sets(track.description)
    assert sets is not None
    return track, sets


@pytest.mark.parametrize(
    ("codec", "size", "pixels", "aspect", "params"),
    [
        ("libx264", (320, 180), "yuv420p", (1, 1), ""),
        ("libx264", (1918, 1078), "yuv420p", (4, 3), ""),
        ("libx264", (704, 576), "yuv420p", (16, 11), "interlaced=1"),
        ("libx264", (322, 182), "yuv422p", (1, 1), ""),
        ("libx264", (321, 181), "yuv444p", (37, 35), ""),
        ("libx264", (320, 180), "yuv420p10le", (1, 1), ""),
        ("libx264", (320, 180), "gray", (1, 1), ""),
        ("libx264", (320, 192), "yuv444p", (1, 1), "cqm=jvt"),
        ("libx265", (320, 180), "yuv420p", (1, 1), QUIET),
        ("libx265", (1918, 1078), "yuv420p", (1, 1), f"{QUIET}:temporal-layers=1"),
        ("libx265", (322, 182), "yuv420p10le", (1, 1), QUIET),
        ("libx265", (321, 181), "yuv444p", (1, 1), QUIET),
    ],
)
def test_header_is_rebuilt_as_ffmpeg_wrote_it(
    codec: str, size: tuple[int, int], pixels: str, aspect: tuple[int, int], params: str
) -> None:
    wanted, sets = video_of(extradata(codec, size, pixels, aspect, params))
    sequence = sets.sequence()
    assert sequence.size == wanted.size == size
    assert sequence.aspect == aspect
    other = extradata(codec, (640, 480), "yuv420p")
    rebuilt, again = video_of(reformatted_init(other, video_of(other)[0], sets))
    assert again == sets
    assert rebuilt.size == wanted.size
    # FFmpeg's muxer does not know the aspect ratio here.
    shown = (size[0] << 16) * aspect[0] // aspect[1], size[1] << 16
    assert struct.unpack(">II", rebuilt.display[36:]) == shown
    kind = b"avcC" if codec == "libx264" else b"hvcC"
    ours, theirs = (
        track.description[track.description.index(kind) :][: 4 + 12] for track in (rebuilt, wanted)
    )
    assert ours == theirs
    with av.open(io.BytesIO(reformatted_init(other, video_of(other)[0], sets))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == size


def test_equal_sets_change_nothing() -> None:
    (one, *_) = cut(encode(200))
    track, sets = video_of(one.init)
    for part in one.parts:
        for sample in samples(part.data, track):
            assert sets.after(part.data[sample.offset : sample.offset + sample.size]) is sets


def test_codecs_without_sets_are_left_alone() -> None:
    (one, *_) = cut(encode(200, codec="mjpeg", container="mp4"))
    (track,) = read_tracks(one.init)
    assert read_parameter_sets(track.description) is None


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 3), st.sampled_from(["avc", "hevc"]))
def test_any_bytes_are_safe(data: bytes, mark: int, codec: Any) -> None:
    for kind in (0x67, 0x68, 0x40, 0x42, 0x44):
        nal = bytes((kind, 1)) + data
        sample = len(nal).to_bytes(4) + nal + data
        ParameterSets(codec, 4, {}).after(sample)
        for read in (read_avc_sequence, read_hevc_sequence):
            try:
                width, height = read(nal).size
            except FragmentError:
                continue
            assert 0 < width < 1 << 15
            assert 0 < height < 1 << 15


@settings(deadline=None)
@given(st.data())
def test_damaged_descriptions_are_safe(draw: st.DataObject) -> None:
    (one, *_) = cut(encode(200))
    description = bytearray(read_tracks(one.init)[0].description)
    for _ in range(draw.draw(st.integers(1, 4))):
        index = draw.draw(st.integers(0, len(description) - 1))
        description[index] = draw.draw(st.integers(0, 255))
    try:
        sets = read_parameter_sets(bytes(description[: draw.draw(st.integers(0, 200))]))
        assert sets is None or sets.sequence().size
    except FragmentError:
        pass
