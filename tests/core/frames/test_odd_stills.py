"""Stills of any orientation, format and rest become upright pictures, as Pillow shows them."""

import io
from typing import Any, Final

from hypothesis import given, strategies as st
import numpy as np
from PIL import Image
import pytest

from custom_components.retrocam.core.errors import InvalidFrameError, PictureTooLargeError
from custom_components.retrocam.core.frames.image_codec import (
    ImageFormat,
    decode_still,
    still_extension,
    still_size,
    upright_still,
)
from custom_components.retrocam.core.frames.image_limits import MAX_PIXELS
from custom_components.retrocam.core.frames.jpeg_markers import without_rest

from ...made import Made
from .odd_stills import BEHIND, photo, pixels, saved, shown
from .stills import jpeg

PHOTO: Final = photo(5)
ANIMATION: Final[dict[str, Any]] = {"save_all": True, "append_images": [photo(6), photo(7)]}
FORMATS: Final = Made(
    {
        "JPEG": lambda: saved(PHOTO),
        "progressive JPEG": lambda: saved(PHOTO, progressive=True),
        "JPEG with restart markers": lambda: saved(PHOTO, restart_marker_blocks=3),
        "grey JPEG": lambda: saved(PHOTO.convert("L")),
        "PNG": lambda: saved(PHOTO, "PNG"),
        "PNG with a palette": lambda: saved(PHOTO.quantize(64), "PNG"),
        "PNG of 16 bits": lambda: saved(
            PHOTO.convert("L").convert("I;16").point(lambda v: v * 257), "PNG"
        ),
        "WebP": lambda: saved(PHOTO, "WEBP", quality=95),
        "large WebP": lambda: saved(photo(5, 1280, 720), "WEBP", quality=95),
        "lossless WebP": lambda: saved(PHOTO, "WEBP", lossless=True),
        "WebP with alpha": lambda: saved(PHOTO.convert("RGBA"), "WEBP", quality=95),
        "animated WebP": lambda: saved(PHOTO, "WEBP", quality=95, **ANIMATION),
        "animated lossless WebP": lambda: saved(PHOTO, "WEBP", lossless=True, **ANIMATION),
        "GIF": lambda: saved(PHOTO.quantize(64), "GIF"),
        "animated GIF": lambda: saved(PHOTO.quantize(64), "GIF", **ANIMATION),
        "BMP": lambda: saved(PHOTO, "BMP"),
        "BMP with a palette": lambda: saved(PHOTO.quantize(64), "BMP"),
    }
)
REFUSED: Final = Made(
    {
        "TIFF": lambda: saved(PHOTO, "TIFF"),
        "AVIF": lambda: saved(PHOTO, "AVIF"),
        "drawing": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "page": lambda: b"<html></html>",
        "nothing": lambda: b"",
    }
)


def assert_same(seen: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    """Compare blocks of 4x4 pixels: JPEG halves and blurs the colours."""
    assert seen.shape == expected.shape
    rows, cols, _ = seen.shape
    blocks = (seen - expected)[: rows // 4 * 4, : cols // 4 * 4].reshape(
        rows // 4, 4, cols // 4, 4, 3
    )
    assert float(np.abs(blocks.mean(axis=(1, 3))).mean()) < 2.5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_does(kind: str, orientation: int) -> None:
    sent = saved(PHOTO, kind, orientation=orientation)
    assert_same(shown(sent), shown(FORMATS["PNG"]))
    assert_same(pixels(decode_still(sent)), shown(sent))
    assert still_size(sent) == PHOTO.size
    formats: tuple[ImageFormat, ...] = ("jpeg", "png")
    for image_format in formats:
        upright = upright_still(sent, image_format)
        with Image.open(io.BytesIO(upright)) as image:
            assert image.format == image_format.upper()
            assert image.getexif().get(0x0112, 1) == 1
        assert_same(shown(upright), shown(sent))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_size_is_upright_and_wide_enough(orientation: int) -> None:
    sent = saved(photo(5, 1280, 720), orientation=orientation)
    small = decode_still(sent, min_width=300)
    assert (small.width, small.height) == (320, 180)
    assert_same(pixels(small), np.asarray(photo(5, 1280, 720).resize((320, 180))).astype(np.int16))


@pytest.mark.parametrize("kind", FORMATS)
def test_format_is_decoded(kind: str) -> None:
    sent = FORMATS[kind]
    frame = decode_still(sent)
    assert still_size(sent) == (frame.width, frame.height)
    expected = shown(sent)
    if kind == "PNG of 16 bits":
        # Pillow clips these to 8 bits; others scale them.
        expected = shown(saved(PHOTO.convert("L"), "PNG"))
    else:
        assert_same(shown(upright_still(sent, "png")), expected)
    assert_same(pixels(frame), expected)
    assert_same(shown(upright_still(sent, "jpeg")), expected)


@pytest.mark.parametrize("rest", BEHIND)
@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_behind_the_end_are_ignored(kind: str, rest: str) -> None:
    sent = FORMATS[kind]
    padded = sent + BEHIND[rest]
    assert np.array_equal(pixels(decode_still(padded)), pixels(decode_still(sent)))
    assert upright_still(padded, "jpeg") == upright_still(sent, "jpeg")
    if "JPEG" in kind:
        assert upright_still(padded, "jpeg") == sent
        assert still_extension(padded) == "jpg"


def test_png_stays_as_it_is() -> None:
    sent = FORMATS["PNG"]
    assert upright_still(sent + b"\r\n", "png") == sent


@pytest.mark.parametrize("progressive", [False, True])
def test_end_markers_inside_segments_are_not_the_end(progressive: bool) -> None:
    inside = jpeg(9, 160, 90)
    sent = saved(PHOTO, progressive=progressive)
    segments = b"".join(
        b"\xff" + marker + (len(text) + 2).to_bytes(2) + text
        for marker, text in ((b"\xe1", b"Exif\0\0" + inside), (b"\xfe", inside))
    )
    sent = sent[:2] + segments + sent[2:]
    assert upright_still(sent + inside, "jpeg") == sent
    assert_same(pixels(decode_still(sent + inside)), shown(FORMATS["PNG"]))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.2, 0.6, 0.9])
def test_truncated_still_is_rejected(kind: str, part: float) -> None:
    sent = FORMATS[kind]
    # An animation is whole with its first frame.
    sent = sent[: len(sent) // 4] if kind == "animated GIF" else sent
    with pytest.raises(InvalidFrameError):
        decode_still(sent[: int(len(sent) * part)])


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if "JPEG" in kind])
def test_missing_end_marker_is_added(kind: str) -> None:
    sent = FORMATS[kind]
    assert upright_still(sent[:-2], "jpeg") == sent
    assert np.array_equal(pixels(decode_still(sent[:-2])), pixels(decode_still(sent)))
    with pytest.raises(InvalidFrameError):
        upright_still(sent[: len(sent) * 9 // 10], "jpeg")


def test_jpeg_that_lost_its_end_is_rejected_with_another_behind_it() -> None:
    with pytest.raises(InvalidFrameError):
        without_rest(FORMATS["JPEG"][:-2] + jpeg(1))


@pytest.mark.parametrize("kind", REFUSED)
def test_other_format_is_rejected(kind: str) -> None:
    for read in (decode_still, still_size, still_extension):
        with pytest.raises(InvalidFrameError):
            read(REFUSED[kind])


def with_size(kind: str, width: int, height: int) -> bytes:
    """Change the size that a small still announces."""
    data = bytearray(FORMATS[kind])
    if kind == "animated WebP":
        data[24:27], data[27:30] = (side.to_bytes(3, "little") for side in (width - 1, height - 1))
    elif kind == "WebP":
        data[26:28], data[28:30] = (side.to_bytes(2, "little") for side in (width, height))
    elif kind == "lossless WebP":
        data[21:25] = (width - 1 | height - 1 << 14).to_bytes(4, "little")
    elif kind == "GIF":
        data[6:8], data[8:10] = (side.to_bytes(2, "little") for side in (width, height))
    else:
        data[18:22], data[22:26] = (side.to_bytes(4, "little") for side in (width, height))
    return bytes(data)


@pytest.mark.parametrize("kind", ["WebP", "lossless WebP", "animated WebP", "GIF", "BMP"])
def test_too_many_pixels_are_refused_before_decoding(kind: str) -> None:
    assert MAX_PIXELS < 16000 * 16000
    for read in (decode_still, still_size):
        with pytest.raises(PictureTooLargeError):
            read(with_size(kind, 16000, 16000))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * 3_000_000,
        b"\xff\xd8" + b"\xff\xe1\0\2" * 1_000_000,
        b"\xff\xd8" + b"\xff\xd0" * 1_500_000,
        b"\xff\xd8" + b"\xff\xda\0\2" * 750_000,
    ],
    ids=["fill bytes", "empty segments", "restart markers", "scans"],
)
def test_endless_markers_are_rejected(data: bytes) -> None:
    with pytest.raises(InvalidFrameError):
        without_rest(data)


@given(st.sampled_from(sorted(FORMATS)), st.integers(0, 5000), st.binary(min_size=1, max_size=20))
def test_damaged_still_decodes_or_raises_invalid_frame(
    kind: str, place: int, damage: bytes
) -> None:
    still = bytearray(FORMATS[kind])
    place %= len(still)
    still[place : place + len(damage)] = damage
    try:
        frame = decode_still(bytes(still))
    except InvalidFrameError:
        return
    assert frame.width * frame.height > 0


@given(st.binary(max_size=200))
def test_malformed_exif_is_ignored(exif: bytes) -> None:
    segment = b"Exif\0\0" + exif
    sent = FORMATS["JPEG"]
    sent = sent[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment + sent[2:]
    assert still_size(sent) in (PHOTO.size, PHOTO.size[::-1])
