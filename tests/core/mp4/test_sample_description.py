"""Sample descriptions: codecs, and bit rates, which do not change a format."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.retrocam.core.mp4.fragment_reader import read_tracks
from custom_components.retrocam.core.mp4.sample_description import (
    codec_name,
    without_rates,
)

from ..media import cut, encode

# Two sample descriptions of one AAC stream, as Home Assistant's segments carried them.
HEAD = (
    "00000083" + b"stsd".hex() + "00000000" + "00000001"
    "0000006b6d70346100000000000000010000000000000000000100100000"
    "0000bb800000"
)
MIDDLE = "000000336573647300000000038080802200020004808080144015"
TAIL = "05808080021188068080800102"


def aac(rate: str) -> bytes:
    return bytes.fromhex(
        HEAD
        + MIDDLE
        + "000000"
        + rate
        + rate
        + TAIL
        + "0000001462747274"
        + "00000000"
        + rate
        + rate
    )


def test_bit_rate_does_not_change_the_format() -> None:
    one, other = aac("00002f06"), aac("000047da")
    assert one != other
    assert without_rates(one) == without_rates(other)
    assert len(without_rates(one)) == len(one)


def test_other_format_stays_different() -> None:
    one = aac("00002f06")
    mono_44_1 = one.replace(bytes.fromhex("1188"), bytes.fromhex("1208"))
    assert mono_44_1 != one
    assert without_rates(mono_44_1) != without_rates(one)


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_damaged_description_keeps_its_length(noise: bytes, cut: int) -> None:
    for data in (noise, aac("00002f06")[:cut], b"esds" + noise, b"\0\0\0\x14btrt" + noise):
        assert len(without_rates(data)) == len(data)
        assert without_rates(without_rates(data)) == without_rates(data)


@pytest.mark.parametrize(
    ("codec", "name"), [("libx264", "h264"), ("libx265", "hevc"), ("mjpeg", "mjpeg")]
)
def test_codecs_have_the_names_of_ffmpeg(codec: str, name: str) -> None:
    container = "mpegts" if codec == "libx264" else "mp4"
    (track,) = read_tracks(cut(encode(200, codec=codec, container=container))[0].init)
    assert codec_name(track.codec, track.description) == name


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_codec_of_a_damaged_description(data: bytes) -> None:
    assert codec_name("mp4v", data) in {"mjpeg", "mpeg4"}
    assert codec_name("mp4v", b"esds" + data) in {"mjpeg", "mpeg4"}
