"""The test pattern is readable after scaling, encoding and cropping."""

from fractions import Fraction
from itertools import pairwise

import av
from av.video.reformatter import ColorRange, Colorspace
from hypothesis import given, settings, strategies as st
import numpy as np
from numpy.typing import NDArray
import pytest
import simplejpeg

from custom_components.retrocam.core.pattern.bitfont import BitFont
from custom_components.retrocam.core.pattern.marks import NUMBER_BITS, SAMPLE_RATE, beep
from custom_components.retrocam.core.pattern.picture import TestPattern

from ...pattern_reader import flash_visible, read_frame_number
from .patterns import NOON, SMALL, luma_of

type Luma = NDArray[np.uint8]

HD = TestPattern()


def shrunk(frame: av.VideoFrame, width: int, height: int) -> Luma:
    """Return the luma of a picture, scaled."""
    return luma_of(frame.reformat(width, height, interpolation="AREA"))


@given(number=st.integers(0, 2**NUMBER_BITS - 1))
def test_every_number_reads_back(number: int) -> None:
    assert read_frame_number(luma_of(SMALL.render(number, NOON))) == number


def test_numbers_wrap_after_24_bits() -> None:
    assert read_frame_number(luma_of(SMALL.render(2**NUMBER_BITS + 7, NOON))) == 7


@pytest.mark.parametrize("size", [(160, 90), (640, 480), (1920, 1080), (720, 1280)])
def test_numbers_read_back_at_any_size(size: tuple[int, int]) -> None:
    assert read_frame_number(luma_of(TestPattern(*size).render(0xABCDEF, NOON))) == 0xABCDEF


@given(number=st.integers(0, 2**NUMBER_BITS - 1), quality=st.integers(50, 100))
@settings(max_examples=20, deadline=None)
def test_number_is_readable_in_a_jpeg_grid_tile(number: int, quality: int) -> None:
    tile = HD.render(number, NOON).reformat(213, 120, "rgb24").to_ndarray()
    jpeg = simplejpeg.encode_jpeg(np.ascontiguousarray(tile), quality)
    grey = simplejpeg.decode_jpeg(jpeg, "GRAY")[:, :, 0]
    assert read_frame_number(grey) == number


def test_numbers_survive_low_quality_h264() -> None:
    encoder = av.CodecContext.create("libx264", "w")
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(encoder, av.VideoCodecContext)
    assert isinstance(decoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 1280, 720, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "40"}
    numbers: list[int | None] = []
    for number in [*range(5000, 5015), 0, 2**NUMBER_BITS - 1]:
        frame = HD.render(number, NOON)
        frame.pts = len(numbers)
        for packet in encoder.encode(frame):
            numbers += [read_frame_number(luma_of(seen)) for seen in decoder.decode(packet)]
    numbers += [read_frame_number(luma_of(seen)) for seen in decoder.decode(None)]
    assert numbers == [*range(5000, 5015), 0, 2**NUMBER_BITS - 1]


def test_letterboxed_number_is_readable_after_cropping() -> None:
    screen = np.full((480, 640), 16, np.uint8)
    screen[60:420] = shrunk(HD.render(31337, NOON), 640, 360)
    assert read_frame_number(screen[60:420]) == 31337
    assert read_frame_number(screen) is None


@pytest.mark.parametrize("level", [0, 16, 90, 128, 200, 235, 255])
def test_plain_picture_has_no_number(level: int) -> None:
    assert read_frame_number(np.full((360, 640), level, np.uint8)) is None


def test_noise_has_no_number() -> None:
    random = np.random.default_rng(1)
    for low, high in ((0, 256), (0, 100), (150, 256)) * 20:
        assert read_frame_number(random.integers(low, high, (180, 320), np.uint8)) is None


def test_inverted_torn_or_tiny_picture_has_no_number() -> None:
    picture = luma_of(SMALL.render(255, NOON))
    assert read_frame_number(255 - picture) is None
    torn = picture.copy()
    torn[133:] = luma_of(SMALL.render(256, NOON))[133:]
    assert read_frame_number(torn) is None
    assert read_frame_number(picture[:40]) is None
    assert read_frame_number(picture[:, :90]) is None


def test_rendered_frame_is_not_modified() -> None:
    first = SMALL.render(1, NOON)
    before = luma_of(first)
    for number in range(2, 50):
        SMALL.render(number, NOON)
    assert np.array_equal(luma_of(first), before)


def test_pictures_are_tagged() -> None:
    frame = SMALL.render(50, NOON)
    assert (frame.format.name, frame.width, frame.height) == ("yuv420p", 320, 180)
    assert (frame.colorspace, frame.color_range) == (Colorspace.ITU709, ColorRange.MPEG)
    assert frame.time == 2.0
    picture = luma_of(frame)
    assert (picture.min(), picture.max()) == (16, 235)
    chroma = [np.frombuffer(plane, np.uint8) for plane in frame.planes[1:]]
    assert all(plane.min() < 80 and plane.max() > 170 for plane in chroma), "not colourful"


@pytest.mark.parametrize(("width", "height"), [(160, 90), (320, 180), (640, 480), (1280, 720)])
def test_clock_is_readable(width: int, height: int) -> None:
    picture = luma_of(TestPattern(width, height).render(10, NOON))
    for text in ("2026-10-04", "12:34:56.789 UTC"):
        assert contains(picture, text), text
    assert not contains(picture, "12:34:56.788 UTC")


def contains(picture: Luma, text: str) -> bool:
    """Return whether a picture contains a text, at any scale of the font."""
    for scale in range(1, 12):
        drawn = BitFont(scale, ink=235, paper=16).draw(text)
        if drawn.shape[0] > picture.shape[0] or drawn.shape[1] > picture.shape[1]:
            return False
        windows = np.lib.stride_tricks.sliding_window_view(picture, drawn.shape)[
            : picture.shape[0] // 3, : picture.shape[1] // 8
        ]
        sample = (windows[:, :, :: 2 * scale, ::scale] == drawn[:: 2 * scale, ::scale]).all((2, 3))
        if any(np.array_equal(windows[y, x], drawn) for y, x in np.argwhere(sample)):
            return True
    return False


def test_font_has_the_characters_of_the_clock() -> None:
    font = BitFont(2)
    assert font.draw("0U").shape == (14, 24)
    assert not font.draw("é~ ").any()
    assert font.draw("").shape == (14, 0)
    assert len({font.draw(char).tobytes() for char in "0123456789UTC-.:"}) == 16


def test_every_picture_moves() -> None:
    pictures = [luma_of(HD.render(number, NOON)) for number in range(10, 60)]
    for before, after in pairwise(pictures):
        changed = before != after
        assert changed[36:173, 840:1030].any(), "the radar stands still"
        assert changed[208:468].any(), "the ball stands still"
        assert changed[619:691].any(), "the sweep stands still"
    moved = np.any([picture != pictures[0] for picture in pictures], axis=0)
    assert not moved[:28].any(), "the background moves"


@pytest.mark.parametrize("fps", [1, 10, 24, 25, 30, 60])
def test_flash_is_in_sync_with_the_beep(fps: int) -> None:
    pattern = TestPattern(320, 180, fps)
    for number in range(3 * fps):
        # The sound of the picture's second millisecond, as the beep fades in.
        sound = beep(number * SAMPLE_RATE // fps + 48, 48)
        sounds = int(np.abs(sound).max()) > 1000
        assert flash_visible(luma_of(pattern.render(number, NOON))) == sounds, number


@pytest.mark.parametrize("size", [(213, 120), (640, 360), (96, 54)])
def test_flash_is_visible_at_any_size(size: tuple[int, int]) -> None:
    assert flash_visible(shrunk(HD.render(0, NOON), *size))
    assert not flash_visible(shrunk(HD.render(3, NOON), *size))


def test_beep_is_one_kilohertz_for_100_ms() -> None:
    second = beep(7 * SAMPLE_RATE, SAMPLE_RATE)
    assert second.dtype == np.int16
    assert np.abs(np.fft.rfft(second[:4800])).argmax() * 10 == 1000
    assert 8000 < int(second.max()) < 9000
    assert not second[4800:].any()


@given(start=st.integers(0, 10**9), count=st.integers(0, 3000))
def test_sound_is_independent_of_block_size(start: int, count: int) -> None:
    whole = beep(start, count + 500)
    assert np.array_equal(beep(start, count), whole[:count])
    assert np.array_equal(beep(start + count, 500), whole[count:])


@pytest.mark.parametrize(
    ("width", "height", "fps"),
    [(321, 180, 25), (320, 181, 25), (158, 90, 25), (160, 88, 25), (160, 90, 0)],
)
def test_invalid_size_is_rejected(width: int, height: int, fps: int) -> None:
    with pytest.raises(ValueError, match="even size"):
        TestPattern(width, height, fps)
