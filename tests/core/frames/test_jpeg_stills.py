"""Decode intact and damaged stills of cameras."""

import io

from hypothesis import given, strategies as st
import numpy as np
from PIL import Image
import pytest

from custom_components.retrocam.core.errors import InvalidFrameError
from custom_components.retrocam.core.frames import jpeg

from .bars import BAR, COLOURS, FULL, assert_shows_bars, seen


def photo(**options: object) -> bytes:
    """Encode bars as JPEG with Pillow, another encoder."""
    picture = np.repeat(np.array([COLOURS], np.uint8), BAR, axis=1).repeat(33, axis=0)
    buffer = io.BytesIO()
    Image.fromarray(picture[:, :-1]).save(buffer, "JPEG", quality=98, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "options", [{}, {"subsampling": 0}, {"subsampling": 1}, {"progressive": True}]
)
def test_jpeg_variants_are_decoded(options: dict[str, object]) -> None:
    frame = jpeg.decode(photo(**options))

    assert (frame.width, frame.height, frame.format.name) == (
        BAR * len(COLOURS) - 1,
        33,
        "yuvj420p",
    )
    assert frame.color_range == FULL
    assert_shows_bars(frame.to_ndarray(format="rgb24").astype(np.int16), COLOURS)
    assert_shows_bars(seen(jpeg.encode(frame, quality=100)), COLOURS)


def test_gray_jpeg_is_decoded() -> None:
    buffer = io.BytesIO()
    Image.new("L", (64, 48), 77).save(buffer, "JPEG", quality=95)

    decoded = jpeg.planes(jpeg.decode(buffer.getvalue()))

    assert [np.unique(plane).tolist() for plane in decoded] == [[77], [128], [128]]


@pytest.mark.parametrize("padding", [b"\x00" * 7, b"\r\n", b"\n"])
def test_padding_after_the_end_is_ignored(padding: bytes) -> None:
    still = photo()

    assert jpeg.size(still + padding) == jpeg.size(still)
    assert jpeg.decode(still + padding).height == 33


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_truncated_jpeg_is_rejected(part: float, end: bytes) -> None:
    still = photo()

    with pytest.raises(InvalidFrameError):
        jpeg.decode(still[: int(len(still) * part)] + end)


def test_oversized_jpeg_is_rejected() -> None:
    still = bytearray(photo())
    sides = still.index(b"\xff\xc0") + 5
    still[sides : sides + 4] = b"\xff\x00\xff\x00"

    with pytest.raises(InvalidFrameError, match="65280x65280"):
        jpeg.size(bytes(still))
    with pytest.raises(InvalidFrameError, match="65280x65280"):
        jpeg.decode(bytes(still))


@given(st.integers(2, 2000), st.binary(min_size=1, max_size=20))
def test_damaged_jpeg_decodes_or_raises_invalid_frame(place: int, damage: bytes) -> None:
    still = bytearray(photo())
    place = 2 + place % (len(still) - 4 - len(damage))
    still[place : place + len(damage)] = damage
    try:
        frame = jpeg.decode(bytes(still))
    except InvalidFrameError:
        return
    assert frame.format.name == "yuvj420p"
