"""Decoding the stills of cameras, whole and damaged ones."""

import io

from hypothesis import given, strategies as st
import numpy as np
from PIL import Image
import pytest

from custom_components.retrocam.core.errors import InvalidFrameError
from custom_components.retrocam.core.frames import jpeg

from .bars import BAR, COLOURS, FULL, assert_shows_bars, seen


def photo(**options: object) -> bytes:
    """Write bars as a JPEG with Pillow, as a camera with another encoder would."""
    picture = np.repeat(np.array([COLOURS], np.uint8), BAR, axis=1).repeat(33, axis=0)
    buffer = io.BytesIO()
    Image.fromarray(picture[:, :-1]).save(buffer, "JPEG", quality=98, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "options", [{}, {"subsampling": 0}, {"subsampling": 1}, {"progressive": True}]
)
def test_stills_of_all_kinds_are_decoded(options: dict[str, object]) -> None:
    frame = jpeg.decode(photo(**options))

    assert (frame.width, frame.height, frame.format.name) == (
        BAR * len(COLOURS) - 1,
        33,
        "yuvj420p",
    )
    assert frame.color_range == FULL
    assert_shows_bars(frame.to_ndarray(format="rgb24").astype(np.int16), COLOURS)
    assert_shows_bars(seen(jpeg.encode(frame, quality=100)), COLOURS)


def test_a_gray_still_is_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("L", (64, 48), 77).save(buffer, "JPEG", quality=95)

    decoded = jpeg.planes(jpeg.decode(buffer.getvalue()))

    assert [np.unique(plane).tolist() for plane in decoded] == [[77], [128], [128]]


@pytest.mark.parametrize("padding", [b"\x00" * 7, b"\r\n", b"\n"])
def test_padding_after_a_still_does_no_harm(padding: bytes) -> None:
    still = photo()

    assert jpeg.size(still + padding) == jpeg.size(still)
    assert jpeg.decode(still + padding).height == 33


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_half_a_still_is_refused(part: float, end: bytes) -> None:
    still = photo()

    with pytest.raises(InvalidFrameError):
        jpeg.decode(still[: int(len(still) * part)] + end)


def test_a_still_that_would_fill_the_memory_is_refused() -> None:
    still = bytearray(photo())
    sides = still.index(b"\xff\xc0") + 5
    still[sides : sides + 4] = b"\xff\x00\xff\x00"

    with pytest.raises(InvalidFrameError, match="65280x65280"):
        jpeg.size(bytes(still))
    with pytest.raises(InvalidFrameError, match="65280x65280"):
        jpeg.decode(bytes(still))


@given(st.integers(2, 2000), st.binary(min_size=1, max_size=20))
def test_damage_gives_a_picture_or_the_one_error(place: int, damage: bytes) -> None:
    still = bytearray(photo())
    place = 2 + place % (len(still) - 4 - len(damage))
    still[place : place + len(damage)] = damage
    try:
        frame = jpeg.decode(bytes(still))
    except InvalidFrameError:
        return
    assert frame.format.name == "yuvj420p"
