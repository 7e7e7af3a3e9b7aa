"""Tests of snapshots: formats, thumbnails and invalid data."""

from collections.abc import Callable

import av
import numpy as np
import pytest

from custom_components.retrocam.core.errors import InvalidFrameError, StorageError
from custom_components.retrocam.core.frames.image_codec import (
    ImageFormat,
    StillEncoder,
    decode_still,
    still_extension,
)
from custom_components.retrocam.core.frames.jpeg import size
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.core.library.store import MediaLibrary

from ...frames.stills import NOW, frame, jpeg, listing, number_in, png
from .stored import JPEG


@pytest.mark.parametrize("make", [jpeg, png])
def test_thumbnails_are_made_once(
    store: MediaLibrary, make: Callable[[int, int, int], bytes]
) -> None:
    name = save_still(store, make(77, 1280, 720), NOW).name
    small = store.thumbnail(name)
    assert size(small) == (320, 180)
    assert number_in(small) == 77
    assert len(small) < 20_000
    store.path(name).write_bytes(b"no picture any more")
    assert store.thumbnail(name) == small


def test_empty_thumbnail_of_a_power_cut_is_replaced(store: MediaLibrary) -> None:
    name = save_still(store, jpeg(77, 1280, 720), NOW).name
    small = store.thumbnail(name)
    (path,) = (store.directory / ".thumbnails").iterdir()
    path.write_bytes(b"")
    assert store.thumbnail(name) == small
    assert path.read_bytes() == small


def test_thumbnail_of_a_small_image_keeps_its_size(store: MediaLibrary) -> None:
    assert size(store.thumbnail(save_still(store, JPEG, NOW).name)) == (160, 90)


def test_thumbnail_is_returned_if_it_cannot_be_stored(store: MediaLibrary) -> None:
    (store.directory / ".thumbnails").write_bytes(b"in the way")
    name = save_still(store, jpeg(5), NOW).name
    assert number_in(store.thumbnail(name)) == 5
    with pytest.raises(StorageError):
        store.delete([name])


def test_damaged_image_has_no_thumbnail(store: MediaLibrary) -> None:
    for data in (b"no picture", JPEG[:3] + bytes(500) + JPEG[-2:], JPEG[:-200] + JPEG[-2:]):
        name = save_still(store, JPEG, NOW).name
        store.path(name).write_bytes(data)
        with pytest.raises(InvalidFrameError):
            store.thumbnail(name)


def test_format_is_detected_from_content(store: MediaLibrary) -> None:
    assert save_still(store, jpeg(3), NOW).name.endswith(".jpg")
    item = save_still(store, png(4), NOW + 1)
    assert item.name.endswith(".png")
    rgb = decode_still(store.read(item.name))
    assert number_in(rgb.reformat(format="yuvj420p")) == 4
    assert number_in(StillEncoder().encode(rgb, "jpeg")) == 4


PNG = png(1, 160, 90)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"text",
        JPEG[:-2],
        PNG[:8],
        PNG[:-1],
        PNG[:16] + b"\0" * 8 + PNG[24:],
        PNG[:16] + b"\x7f\xff\xff\xff" * 2 + PNG[24:],
    ],
    ids=["empty", "byte", "text", "cut-jpeg", "png-head", "cut-png", "png-0x0", "png-huge"],
)
def test_other_data_is_rejected(store: MediaLibrary, data: bytes) -> None:
    with pytest.raises(InvalidFrameError):
        save_still(store, data, NOW)
    assert listing(store.directory) == []


def test_damaged_png_raises_invalid_frame() -> None:
    damaged = PNG[:-100] + bytes(40) + PNG[-60:]
    assert still_extension(damaged) == "png"
    with pytest.raises(InvalidFrameError):
        decode_still(damaged)


def test_png_keeps_limited_range_colours() -> None:
    white = frame(1, 160, 90)
    for plane, value in zip(white.planes, (235, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    rgb = decode_still(StillEncoder().encode(white, "png")).to_ndarray()
    assert int(np.min(rgb)) >= 254


@pytest.mark.parametrize("image_format", ["jpeg", "png"])
def test_frame_without_data_raises_invalid_frame(image_format: ImageFormat) -> None:
    with pytest.raises(InvalidFrameError):
        StillEncoder().encode(av.VideoFrame(0, 0, "yuv420p"), image_format)
